include:
  - wbe
  - ..up
  - {dev: x}
  - [a]
own: test.nop
