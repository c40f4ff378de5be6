a:
  cmd.run:
    - name: {{ "a" + 1 }}
