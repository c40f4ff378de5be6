a:
  test.nop:
    - require:
      - pkg: b
b:
  test.nop: []
