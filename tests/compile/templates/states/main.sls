{% from tplroot ~ '/map.jinja' import words with context %}
{% import_yaml 'data.yaml' as data %}
include:
  - sub.part
{% for word in words %}
{{ word }}:
  test.show_notification:
    - text: {{ sls }}|{{ tplfile }}|{{ slspath }}|{{ opts.id }}|{{ saltenv }}|{{ data.key }}
{% endfor %}
{%- if grains['os'] == 'Debian' %}
debian: test.nop
{% endif %}
