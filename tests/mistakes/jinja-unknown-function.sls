a:
  cmd.run:
    - name: {{ salt['pillar.gett']('x') }}
