nginx:
  pkg.installed: []
  service.running:
    - watch:
      - file: /etc/motd
/etc/motd:
  file.managed:
    - contents_pillar: motd
