# The application's logs are rotated every day. (Nginx, Postgres and Supervisor see
# to their own.)
# Pillar: logs:keep_days (30).
{%- from 'project.jinja' import project with context %}
include:
  - base.packages
  - app

/etc/logrotate.d/{{ project.name }}:
  file.managed:
    - source: salt://logrotate/files/app
    - template: jinja
    - user: root
    - group: root
    - mode: '0644'
    - require:
      - pkg: base-packages
      - user: application-user
