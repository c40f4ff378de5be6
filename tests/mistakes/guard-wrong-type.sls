a:
  test.nop:
    - onlyif: {a: b}
