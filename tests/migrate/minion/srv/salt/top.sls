base:
  '*': [common]
  'roles:web':
    - match: grain
    - nginx
    - nope
