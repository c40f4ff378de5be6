a:
  cmd.run:
    - name: %s
