/etc/motd:
  file.managed:
    - contens: x
