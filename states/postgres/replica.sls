# Postgres that follows the master of the environment: a copy to read from, and the next
# master if the first is lost (give it the role db-master then). The application finds
# its replicas in DB_REPLICA_HOSTS.
# Pillar: postgres as for the master; postgres:replication_password (in secrets.sls).
{%- from 'project.jinja' import peers with context %}
{%- from 'postgres/map.jinja' import postgres with context %}
include:
  - postgres.server
{% if not postgres.replication_password %}
{{ raise('the role db-replica needs `postgres: {replication_password: …}` in secrets.sls') }}
{% elif not peers.db %}
{{ raise('the role db-replica needs another host with the role db-master') }}
{% else %}
{{ postgres.passwords }}:
  file.managed:
    - user: postgres
    - group: postgres
    - mode: '0600'
    - show_changes: False
    - contents: {{ ('*:*:*:' ~ postgres.replication_user ~ ':' ~ (postgres.replication_password | string | replace('\\', '\\\\') | replace(':', '\\:'))) | yaml_dquote }}
    - require:
      - pkg: postgresql-{{ postgres.version }}
    - require_in:
      - service: postgresql-server

/usr/local/sbin/postgres-follow:
  file.managed:
    - source: salt://postgres/files/follow
    - template: jinja
    - user: root
    - group: root
    - mode: '0755'

# The master may be in the making.
replica:
  cmd.run:
    - name: /usr/local/sbin/postgres-follow
    - creates: {{ postgres.data }}/standby.signal
    - timeout: 21600
    - retry:
        attempts: 40
        interval: 5
        until: True
    - require:
      - file: /usr/local/sbin/postgres-follow
      - file: {{ postgres.passwords }}
      - service: postgresql-access

# A copy that does not come up is told in every run.
replica-runs:
  service.running:
    - name: postgresql@{{ postgres.version }}-main
    - require:
      - cmd: replica
{% endif %}
