include:
exclude:
web: test.nop
