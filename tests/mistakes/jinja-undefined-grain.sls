a:
  cmd.run:
    - name: {{ grains.os_familly }}
