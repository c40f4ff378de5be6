{% for n in [1, 2] %}
state-{{ n }}:
  test.npo:
    - require:
      - test: nothing-{{ n }}
{% endfor %}
