/srv/app/conf/app.conf:
  file.managed:
    - contents: x
    - user: app
    - group: staff
/srv/app:
  file.directory:
    - user: app
running:
  service.running:
    - name: nginx
app:
  user.present:
    - gid: staff
staff:
  group.present: []
nginx:
  pkg.installed: []
