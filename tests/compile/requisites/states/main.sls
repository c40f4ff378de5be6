a:
  test.nop:
    - require:
      - test: d
b:
  test.nop:
    - watch:
      - c
    - onchanges_any:
      - test: c
      - test: d
c: test.nop
d:
  test.nop:
    - listen:
      - test: a
e:
  test.nop:
    - onfail: [{test: a}]
    - prereq:
      - test: b
