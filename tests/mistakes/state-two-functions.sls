a:
  file:
    - managed
    - absent
