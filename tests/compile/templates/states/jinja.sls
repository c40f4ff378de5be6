#!jinja
jinja: test.nop
