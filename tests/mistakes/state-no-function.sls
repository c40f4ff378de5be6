a:
  file:
    - mode: 0644
