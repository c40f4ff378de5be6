a:
  test.nop:
    name: x
b:
  tset.nop: []
