a:
  cmd.run: *nothing
