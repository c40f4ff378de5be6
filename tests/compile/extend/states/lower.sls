first:
  test.nop:
    - names: [x, y]
    - require:
      - test: second
second:
  test.nop:
    - name: called
