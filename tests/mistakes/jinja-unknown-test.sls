{% if 1 is oddd %}{% endif %}
