include:
  - web
  - base: b.c
own: test.nop
