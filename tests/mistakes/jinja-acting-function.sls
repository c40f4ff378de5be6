a:
  cmd.run:
    - name: {{ salt['pkg.install']('x') }}
