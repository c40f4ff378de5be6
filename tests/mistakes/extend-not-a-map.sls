extend:
  - a
