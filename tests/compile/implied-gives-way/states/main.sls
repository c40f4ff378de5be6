/srv/app:
  file.directory:
    - user: app
app:
  user.present:
    - home: /srv/app
    - require:
      - file: /srv/app
