a:
  cmd.run:
    - name: {{ "x" | regex_search }}
