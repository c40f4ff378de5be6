# Postgres with the project's role and database, reached by hosts with the role web that
# have none of their own.
# Pillar: secrets:DB_PASSWORD; postgres:version (the distribution's), :name and :user
# (the project's name), :locale (C.UTF-8), :extensions, :settings (over those that
# postgres/map.jinja computes).
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

database-user:
  postgres_user.present:
    - name: {{ postgres.user }}
    - password: {{ pillar.secrets.DB_PASSWORD | string | yaml_dquote }}
    - login: True
    - superuser: False
    - createdb: False
    - createroles: False
    - user: postgres
    - require:
      - service: postgresql-server

database:
  postgres_database.present:
    - name: {{ postgres.name }}
    - owner: {{ postgres.user }}
    - encoding: UTF8
    - template: template0
    - lc_collate: {{ postgres.locale }}
    - lc_ctype: {{ postgres.locale }}
    - user: postgres
    - require:
      - postgres_user: database-user
{% for extension in salt['pillar.get']('postgres:extensions', []) %}
extension-{{ extension }}:
  postgres_extension.present:
    - name: {{ extension }}
    - maintenance_db: {{ postgres.name }}
    - user: postgres
    - require:
      - postgres_database: database
{% endfor %}
