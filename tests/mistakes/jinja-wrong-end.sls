{% for x in [1] %}
{% endif %}
