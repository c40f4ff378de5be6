include:
  - ..x
