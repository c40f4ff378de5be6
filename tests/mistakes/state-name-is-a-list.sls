/a:
  file.absent:
    - name: [x, y]
