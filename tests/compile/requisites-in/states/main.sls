a:
  test.nop:
    - name: other name
b:
  test.nop:
    - require_in:
      - test: a
c:
  test.nop:
    - watch_in:
      - test: other name
    - listen_in:
      - a
d:
  test.nop:
    - onchanges_in:
      - test: b
    - prereq_in:
      - test: c
e:
  test.nop:
    - require_in:
      - sls: lower
include: [lower]
