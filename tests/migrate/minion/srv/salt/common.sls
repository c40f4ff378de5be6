vim:
  pkg.installed: []
/etc/motd:
  file.managed:
    - contents: {{ salt['shout.loud']('hi') }}
