a:
  flie.managed: []
