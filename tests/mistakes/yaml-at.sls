a:
  cmd.run:
    - name: @x
