a:
  file.manged: []
