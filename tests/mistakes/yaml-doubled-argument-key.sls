a:
  file.managed:
    - context: {x: 1, x: 2}
