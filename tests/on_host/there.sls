# Everything that makes something. Applied twice, the second time changes nothing.
programs:
  pkg.installed:
    - pkgs: [at, rabbitmq-server, git, cron, locales, python3-venv, debconf-utils, tree]
tree:
  pkg.held: []
sl:
  pkg.latest: []
postfix:
  debconf.set:
    - data:
        postfix/mailname: {type: string, value: mail.example.com}

# --- accounts
crew:
  group.present:
    - gid: 2100
ada:
  user.present:
    - uid: 2101
    - groups: [crew]
    - fullname: Ada Lovelace
    - shell: /bin/bash
bob:
  user.present: []
key of ada:
  ssh_auth.present:
    - name: AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB
    - enc: ssh-ed25519
    - user: ada
keys of bob:
  ssh_auth.manage:
    - user: bob
    - ssh_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB bob@laptop]
github.com:
  ssh_known_hosts.present:
    - user: ada
    - enc: ssh-ed25519
    - key: AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl

# --- files
/srv/demo:
  file.directory:
    - mode: 0750
    - group: crew
/srv/demo/managed.conf:
  file.managed:
    - contents: |
        # port = 80
        host = localhost
        debug = 1
        old = 1
    - mode: 0640
    - group: crew
    - replace: false
uncommented:
  file.uncomment:
    - name: /srv/demo/managed.conf
    - regex: port
commented:
  file.comment:
    - name: /srv/demo/managed.conf
    - regex: ^debug
replaced:
  file.replace:
    - name: /srv/demo/managed.conf
    - pattern: old = \d+
    - repl: new = two
value:
  file.keyvalue:
    - name: /srv/demo/managed.conf
    - key: host
    - value: 192.0.2.1
    - separator: ' = '
line:
  file.line:
    - name: /srv/demo/managed.conf
    - content: user = ada
    - mode: ensure
    - after: ^host
block:
  file.blockreplace:
    - name: /srv/demo/managed.conf
    - marker_start: '# start'
    - marker_end: '# end'
    - content: between
    - append_if_not_found: true
first:
  file.prepend:
    - name: /srv/demo/managed.conf
    - text: '# head'
last:
  file.append:
    - name: /srv/demo/managed.conf
    - text: '# foot'
/srv/demo/data.json:
  file.serialize:
    - dataset: {port: 8000, hosts: [a, b]}
    - serializer: json
/srv/demo/decoded:
  file.decode:
    - encoding_type: base64
    - encoded_data: SGVsbG8=
/srv/demo/touched:
  file.touch:
    - mtime: 1700000000
/srv/demo/symlink:
  file.symlink:
    - target: managed.conf
/srv/demo/hardlink:
  file.hardlink:
    - target: /srv/demo/managed.conf
/srv/demo/copy:
  file.copy:
    - source: /srv/demo/decoded
/srv/demo/before-rename:
  file.managed:
    - contents: moved
    - unless: test -e /srv/demo/renamed
/srv/demo/renamed:
  file.rename:
    - source: /srv/demo/before-rename
/srv/demo/tree:
  file.recurse:
    - source: salt://files
is there:
  file.exists:
    - name: /srv/demo/renamed
is not there:
  file.missing:
    - name: /srv/demo/nothing

# --- the system
db.internal:
  host.present:
    - ip: 192.0.2.2
192.0.2.3:
  host.only:
    - hostnames: [web.internal, web]
Europe/Berlin:
  timezone.system: []
/srv/in memory:
  mount.mounted:
    - device: tmpfs
    - fstype: tmpfs
    - opts: [noexec, size=1m]
    - mkmnt: true
de:
  keyboard.system: []
de_DE.UTF-8:
  locale.present: []
C.UTF-8:
  locale.system: []
net.ipv4.ip_forward:
  sysctl.present:
    - value: 1
    - config: /etc/sysctl.d/60-demo.conf
/usr/local/bin/pager-of-demo:
  file.managed:
    - contents: '#!/bin/sh'
    - mode: 0755
pager:
  alternatives.install:
    - link: /usr/bin/pager
    - path: /usr/local/bin/pager-of-demo
    - priority: 1
pager of demo:
  alternatives.set:
    - name: pager
    - path: /usr/local/bin/pager-of-demo
/etc/systemd/system/demo.service:
  file.managed:
    - contents: |
        [Service]
        ExecStart=/bin/sleep infinity
        [Install]
        WantedBy=multi-user.target
demo:
  service.enabled: []
running:
  service.running:
    - name: demo
masked:
  service.masked:
    - name: rescue

# --- jobs
MAILTO:
  cron.env_present:
    - value: admin@example.com
/bin/true:
  cron.present:
    - identifier: demo
    - minute: random
    - hour: 3
salt://files/crontab:
  cron.file:
    - user: ada

# --- code
/srv/git:
  git.present:
    - bare: false
commit:
  cmd.run:
    - name: git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first && git tag v1
    - cwd: /srv/git
    - unless: git rev-parse v1
user.email:
  git.config_set:
    - value: deploy@example.com
    - repo: /srv/git
latest:
  git.latest:
    - name: file:///srv/git
    - target: /srv/latest
cloned:
  git.cloned:
    - name: file:///srv/git
    - target: /srv/cloned
detached:
  git.detached:
    - name: file:///srv/git
    - target: /srv/detached
    - rev: v1
/srv/venv:
  virtualenv.managed: []
six:
  pip.installed:
    - bin_env: /srv/venv
script:
  cmd.script:
    - source: salt://files/script.sh
    - creates: /srv/demo/by-script
/srv/tool:
  archive.extracted:
    - source: salt://tool.tar.gz
    - user: daemon
    - options: --strip-components=1
by module:
  module.run:
    - service.systemctl_reload:
    - cmd.run: [touch /srv/demo/by-module]
    - creates: /srv/demo/by-module
postgresql:
  pkg.installed: []
reader:
  postgres_user.present:
    - password: reads-only-what-it-may
leaver:
  postgres_user.present: []
spare:
  postgres_database.present: []
staff:
  postgres_group.present: []
books:
  postgres_database.present:
    - owner: reader
pg_trgm:
  postgres_extension.present:
    - maintenance_db: books
reports:
  postgres_schema.present:
    - dbname: books
/srv/space:
  file.directory:
    - user: postgres
space:
  postgres_tablespace.present:
    - directory: /srv/space
{% for kind, object, privileges in [
  ('schema', 'reports', 'USAGE'), ('database', 'spare', 'TEMP'), ('language', 'plpgsql', 'ALL'),
  ('tablespace', 'space', 'CREATE'), ('group', 'staff', ''), ('function', 'similarity(text, text)', 'EXECUTE'),
] %}
reader on {{ kind }}:
  postgres_privileges.present:
    - name: reader
    - object_name: {{ object }}
    - object_type: {{ kind }}
    - privileges: [{{ privileges }}]
    - maintenance_db: books
    - require:
      - postgres_schema: reports
      - postgres_extension: pg_trgm
      - postgres_tablespace: space
      - postgres_group: staff
      - postgres_database: spare
{% endfor %}
table:
  cmd.run:
    - name: psql -q books -c 'CREATE TABLE IF NOT EXISTS reports.sales (number serial)'
    - runas: postgres
    - onchanges:
      - postgres_schema: reports
{% for kind in ['table', 'sequence'] %}
reader on all {{ kind }}s:
  postgres_privileges.present:
    - name: reader
    - object_name: ALL
    - object_type: {{ kind }}
    - privileges: [SELECT]
    - prepend: reports
    - grant_option: true
    - maintenance_db: books
    - require:
      - cmd: table
{% endfor %}

# --- jobs, names, variables, queues
wake:
  at.present:
    - job: /usr/bin/wake
    - timespec: now + 2 days
    - tag: wake
    - user: ada
sleep >/dev/null:
  at.present:
    - timespec: 23:30 + 3 days
name:
  network.system:
    - hostname: web1
greeting:
  environ.setenv:
    - value: {GREETING: hello, OTHER: false}
  cmd.run:
    - name: echo "$GREETING" > /srv/demo/greeting
    - unless: test "$GREETING" = hello && grep -q hello /srv/demo/greeting
    - require:
      - file: /srv/demo
rabbitmq-server:
  service.running: []
shop queue:
  rabbitmq_vhost.present:
    - name: shop
  rabbitmq_user.present:
    - name: shop
    - password: of the "queue's" $own
    - tags: [monitoring, management]
    - perms:
      - shop: ['.*', '', '^a b$']
  rabbitmq_policy.present:
    - name: short
    - vhost: shop
    - pattern: ^mail
    - definition: {max-length: 1000}
    - apply_to: queues
