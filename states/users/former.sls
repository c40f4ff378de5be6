# Who was in devs.sls once and is no longer: no keys, no groups, no shell, expired,
# and running sessions end. The account and its home stay, lest the next account
# inherit its files with its number. Nobody is touched while devs.sls has nobody who
# could administer the host, nor before those who can are set up.
# Pillar: users (see pillar/devs.sls).
{%- from 'users/map.jinja' import users, admins, ledger with context %}
include:
  - base.packages
  - users
  - sudo
{% set ours = salt['group.info'](ledger).get('members') or [] %}
{%- for name in ours if name not in users %}
{%- if not admins %}
{{ name }}-keeps-access:
  test.show_notification:
    - text: "`{{ name }}` is not in devs.sls any more, but nobody in it is in admin and login with a key: access is left as it is"
{%- elif salt['user.info'](name) %}
former-{{ name }}:
  user.present:
    - name: {{ name }}
    - shell: /usr/sbin/nologin
    - expire: 1
    - groups:
      - {{ ledger }}
    - require:
      - sls: users
      - sls: sudo

{% for file in ['authorized_keys', 'authorized_keys2'] %}
{{ salt['user.info'](name).home }}/.ssh/{{ file }}:
  file.absent:
    - require:
      - sls: users
      - sls: sudo
{% endfor %}
# Not the session that this run came through: it ends by itself, and cannot return.
sessions-of-{{ name }}:
  cmd.run:
    - name: pkill -KILL -u {{ name }} || test $? -eq 1
    - unless: test "${SUDO_USER:-}" = {{ name }}
    - require:
      - pkg: base-packages
    - onchanges:
      - user: former-{{ name }}
{%- endif %}
{% endfor %}
