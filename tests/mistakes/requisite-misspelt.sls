a:
  test.nop:
    - requires:
      - test: b
b:
  test.nop: []
