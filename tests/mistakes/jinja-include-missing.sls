{% include "nothing.jinja" %}
