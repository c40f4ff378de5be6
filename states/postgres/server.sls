# What a host with a database has, be it the master or a replica: the package, its
# settings, who may connect, the service.
{%- from 'postgres/map.jinja' import postgres with context %}
postgresql-{{ postgres.version }}:
  pkg.installed:
    - install_recommends: False

{{ postgres.config }}/conf.d/provision.conf:
  file.managed:
    - source: salt://postgres/files/provision.conf
    - template: jinja
    - user: postgres
    - group: postgres
    - mode: '0644'
    - require:
      - pkg: postgresql-{{ postgres.version }}

{{ postgres.config }}/pg_hba.conf:
  file.managed:
    - source: salt://postgres/files/pg_hba.conf
    - template: jinja
    - user: postgres
    - group: postgres
    - mode: '0640'
    - require:
      - pkg: postgresql-{{ postgres.version }}

postgresql-server:
  service.running:
    - name: postgresql
    - enable: True
    - require:
      - pkg: postgresql-{{ postgres.version }}
    - watch:
      - file: {{ postgres.config }}/conf.d/provision.conf

# Who may connect is read again without a restart.
postgresql-access:
  service.running:
    - name: postgresql
    - reload: True
    - require:
      - service: postgresql-server
    - watch:
      - file: {{ postgres.config }}/pg_hba.conf
