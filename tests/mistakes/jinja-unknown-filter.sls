a:
  cmd.run:
    - name: {{ "x" | uper }}
