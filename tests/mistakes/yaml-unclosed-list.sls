a:
  test.nop: [a, b
