{% for key in pillar %}
{{ key }}:
  test.nop: []
{% endfor %}
