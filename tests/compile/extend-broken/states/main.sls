include:
  - lower
extend:
  frist:
    test:
      - name: x
  first:
    file:
      - name: x
