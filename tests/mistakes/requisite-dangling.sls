a:
  test.nop:
    - require:
      - test: bb
b:
  test.nop: []
