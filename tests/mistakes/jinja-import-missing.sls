{% from "map.jinja" import x %}
