{% from 'none.jinja' import x %}
a: test.nop
