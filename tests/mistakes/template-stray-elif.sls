{% if grains.os == "x" %}
port:
  test.nop
{% endif %}
{% elif grains.os == "y" %}
other:
  test.nop
