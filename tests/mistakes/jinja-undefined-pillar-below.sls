a:
  cmd.run:
    - name: {{ pillar["site"]["domain"] }}
