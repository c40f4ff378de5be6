include:
  - web
site: test.nop
