/a:
  file.line:
    - mode: enshure
    - content: x
