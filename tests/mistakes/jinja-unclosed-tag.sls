{% if grains.os %}
a:
  test.nop: []
