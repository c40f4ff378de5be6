include:
  - lower
  - gone
exclude:
  - id: second
  - sls: gone
  - nothing
own: test.nop
