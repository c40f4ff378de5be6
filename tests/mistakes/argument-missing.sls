/a:
  file.symlink: []
