{% from "main.sls" import nothing %}
a:
  test.nop: []
