a:
  cmd.run:
    - name: {{ salt['nosuch.thing']() }}
