all:
  test.nop:
    - require:
      - test: web-*
      - test: db-[12]
web-1: test.nop
web-2: test.nop
db-1: test.nop
db-3: test.nop
none:
  test.nop:
    - require:
      - test: mail-*
