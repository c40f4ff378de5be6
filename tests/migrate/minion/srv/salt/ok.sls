ok:
  test.nop: []
