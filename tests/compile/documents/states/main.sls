short: test.nop
long:
  test.nop:
    - name: called
    - onlyif: 'true'
split:
  test:
    - nop
    - name: split too
two:
  test.nop: []
