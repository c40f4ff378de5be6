# Postgres with the project's role and database, reached by hosts with the role web that
# have none of their own, and followed by hosts with the role db-replica. A host that was
# a replica until now becomes the master.
# Pillar: secrets:DB_PASSWORD; postgres:version (the distribution's), :name and :user
# (the project's name), :locale (C.UTF-8), :extensions, :settings (over those that
# postgres/map.jinja computes), :replication_password (in secrets.sls; for replicas).
{%- from 'project.jinja' import roles, peers with context %}
{%- from 'postgres/map.jinja' import postgres with context %}
include:
  - postgres.server
{% if 'db-replica' in roles %}
{{ raise('a host cannot have both roles, db-master and db-replica') }}
{% endif %}
{%- if salt['file.file_exists'](postgres.data ~ '/standby.signal') %}
no-replica-any-more:
  cmd.run:
    - name: pg_ctlcluster {{ postgres.version }} main promote
    - onlyif: test -f {{ postgres.data }}/standby.signal
    - require:
      - service: postgresql-server
    - require_in:
      - postgres_user: database-user
{% endif %}
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

{%- if peers.replicas %}

replication-user:
  postgres_user.present:
    - name: {{ postgres.replication_user }}
    - password: {{ postgres.replication_password | string | yaml_dquote }}
    - login: True
    - replication: True
    - superuser: False
    - user: postgres
    - require:
      - service: postgresql-server
      - postgres_user: database-user
{%- if not postgres.replication_password %}
{{ raise('the role db-replica needs `postgres: {replication_password: …}` in secrets.sls') }}
{%- endif %}
{%- endif %}

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
{% for extension in site.postgres.extensions %}
extension-{{ extension }}:
  postgres_extension.present:
    - name: {{ extension }}
    - maintenance_db: {{ postgres.name }}
    - user: postgres
    - require:
      - postgres_database: database
{% endfor %}
