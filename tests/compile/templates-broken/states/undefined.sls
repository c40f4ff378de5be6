{% for n in [1, 2] %}
state-{{ n }}:
  test.nop:
    - name: {{ pillar.site.name }}
{% endfor %}
