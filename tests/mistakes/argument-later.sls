/etc/motd:
  file.managed:
    - attrs: i
