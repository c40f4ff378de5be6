/etc/right:
  file.managed:
    - source: salt://files/right
    - template: jinja
    - context: {word: x}
/etc/missing:
  file.managed:
    - source: salt://files/rihgt
/etc/fallback:
  file.managed:
    - source:
      - salt://files/none
      - salt://files/right
/etc/fallback-missing:
  file.managed:
    - source:
      - salt://files/none
      - salt://files/neither
/etc/elsewhere:
  file.managed:
    - source:
      - salt://files/none
      - /root/file
/etc/folder:
  file.recurse:
    - source: salt://files
/etc/no-folder:
  file.recurse:
    - source: salt://nothing
/etc/wrong:
  file.managed:
    - source: salt://files/wrong
    - template: jinja
    - defaults: {known: y}
/etc/wrong-again:
  file.managed:
    - source: salt://files/wrong
    - template: jinja
