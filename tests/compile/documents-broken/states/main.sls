nothing:
empty: {}
text: hello world
no-dot: nop
listed: [test.nop]
colon:
  test.nop:
map:
  test.nop:
    name: x
missing:
  test:
    - name: y
second:
  test.nop:
    - succeed_without_changes
twice:
  test.nop: []
  test.succeed_without_changes: []
several:
  test.nop:
    - name: a
      comment: b
glued:
  test.nop:
    - name:a
beside:
  test.nop: []
  require:
    - test: two
80:
  test.nop: []
'': test.nop
