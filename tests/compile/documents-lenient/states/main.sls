colon:
  test.nop:
map:
  test.nop:
    name: x
beside:
  test.nop: []
  require:
    - test: map
80:
  test.nop: []
unknown:
  tset.nop: []
several:
  test.succeed_with_changes:
    - name: a
      require:
        - test: map
