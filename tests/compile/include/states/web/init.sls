include:
  - .site
  - ..b.c
web: test.nop
