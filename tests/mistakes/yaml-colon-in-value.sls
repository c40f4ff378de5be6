a:
  cmd.run:
    - name: echo a: b
