a: test.nop
{% if x %}
b: test.nop
