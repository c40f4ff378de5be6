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
