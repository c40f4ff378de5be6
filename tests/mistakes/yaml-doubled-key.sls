a:
  test.nop:
    - name: x
a:
  test.nop: []
