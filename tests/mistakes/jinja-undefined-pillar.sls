a:
  cmd.run:
    - name: {{ pillar.domain }}
