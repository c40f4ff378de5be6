show:
  test.show_notification:
    - text: {{ pillar.site.tls.on }} {{ salt['pillar.get']('secrets:PIN') }}
