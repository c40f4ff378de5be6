a:
  cmd.run:
    - name: {{ nothing }}
