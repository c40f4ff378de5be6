{% set port = 80 %}
port:
  test.nop
{% else %}
other:
  test.nop
{% endif %}
