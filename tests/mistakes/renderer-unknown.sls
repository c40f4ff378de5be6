#!mako|yaml
a:
  test.nop: []
