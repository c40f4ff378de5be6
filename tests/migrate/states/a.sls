a:
  test.nop:
    - requires: [b]
