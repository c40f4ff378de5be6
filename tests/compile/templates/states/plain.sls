#!yaml
plain:
  test.show_notification:
    - text: "{{ not jinja }}"
