base:
  '*':
    - comon
    - list
    - yaml
    - undefined
    - good
    - staging.secrets
