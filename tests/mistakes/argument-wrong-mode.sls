/etc/motd:
  file.managed:
    - mode: 888
