a:
  - file.managed
