# Everything that takes away what there.sls made. Applied twice, the second time changes nothing.
tree:
  pkg.unheld: []
gone:
  pkg.removed:
    - name: tree
sl:
  pkg.purged: []
six:
  pip.removed:
    - bin_env: /srv/venv
user.email:
  git.config_unset:
    - repo: /srv/git
MAILTO:
  cron.env_absent: []
/bin/true:
  cron.absent:
    - identifier: demo
stopped:
  service.dead:
    - name: demo
demo:
  service.disabled: []
rescue:
  service.unmasked: []
by priority:
  alternatives.auto:
    - name: pager
pager:
  alternatives.remove:
    - path: /usr/local/bin/pager-of-demo
db.internal:
  host.absent:
    - ip: 192.0.2.2
github.com:
  ssh_known_hosts.absent:
    - user: ada
key of ada:
  ssh_auth.absent:
    - name: AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB
    - enc: ssh-ed25519
    - user: ada
bob:
  user.absent:
    - purge: true
ada:
  user.absent: []
crew:
  group.absent: []
tidied:
  file.tidied:
    - name: /srv/demo
    - matches: [renamed]
    - age: 0
/srv/demo/tree:
  file.absent: []
/srv/in memory:
  mount.unmounted:
    - persist: true
reader on all tables:
  postgres_privileges.absent:
    - name: reader
    - object_name: ALL
    - object_type: table
    - prepend: reports
    - maintenance_db: books
    - order: 1
no longer staff:
  postgres_privileges.absent:
    - name: reader
    - object_name: staff
    - object_type: group
    - order: 2
reports:
  cmd.run:
    - name: psql -q books -c 'DROP TABLE IF EXISTS reports.sales'
    - runas: postgres
    - onlyif: psql -Atq books -c "SELECT 1 FROM pg_tables WHERE tablename = 'sales'" | grep -q 1
    - order: 3
  postgres_schema.absent:
    - dbname: books
    - order: 4
pg_trgm:
  postgres_extension.absent:
    - maintenance_db: books
    - order: 5
spare:
  postgres_database.absent:
    - order: 6
space:
  postgres_tablespace.absent:
    - order: 7
no language:
  postgres_privileges.absent:
    - name: reader
    - object_name: plpgsql
    - object_type: language
    - maintenance_db: books
    - order: 8
staff:
  postgres_group.absent:
    - order: 9
leaver:
  postgres_user.absent:
    - order: 10

all jobs:
  at.absent: []
no queue:
  rabbitmq_policy.absent:
    - name: short
    - vhost: shop
    - order: 1
  rabbitmq_user.absent:
    - name: shop
    - order: 2
  rabbitmq_vhost.absent:
    - name: shop
    - order: 3
