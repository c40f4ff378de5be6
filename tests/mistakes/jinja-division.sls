a:
  cmd.run:
    - name: {{ 1 / 0 }}
