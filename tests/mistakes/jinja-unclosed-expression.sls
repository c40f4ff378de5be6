a:
  cmd.run:
    - name: {{ pillar.x
