a:
  test.nop:
    - require:
      - test: b
b:
  test.nop:
    - watch:
      - test: c
c:
  test.nop:
    - require:
      - test: a
d:
  test.nop:
    - require:
      - test: a
