a:
  test.nop:
    - order: later
