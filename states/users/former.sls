# Who was in devs.sls once and is no longer. An account that provision made: no keys,
# no groups, no shell, expired, and its sessions end; it stays with its home, lest the
# next account inherit its files with its number. One that was here before provision
# loses what provision gave it, its keys and groups, and stays as it is otherwise. An
# account of the system is left alone.
# Nobody is touched while devs.sls has nobody who could administer the host, nor before
# those who can are set up.
# Pillar: users, groups (see pillar/devs.sls).
{%- from 'users/map.jinja' import users, admins, declared, ledger with context %}
include:
  - base.packages
  - users
  - sudo
{% set former = salt['group.info'](ledger).get('members') or [] %}
{%- for name in former if name not in users %}
{%- set whose = salt['provision.account'](name) %}
{%- set user = salt['user.info'](name) %}
{%- if not whose %}
{%- elif whose == 'system' %}
{{ name }}-is-the-systems:
  test.show_notification:
    - text: "`{{ name }}` is an account of the system and was in devs.sls once: it is left as it is; take it out of its groups by hand where it should not be in them"
{%- elif not admins %}
{{ name }}-keeps-access:
  test.show_notification:
    - text: "`{{ name }}` is not in devs.sls any more, but nobody in it is in admin and login with a key: access is left as it is"
{%- elif whose == 'made' %}
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
{{ user.home }}/.ssh/{{ file }}:
  file.absent:
    - require:
      - sls: users
      - sls: sudo
{% endfor %}
# By its number, and only while that is still the account's. Not the session that this
# run came through: it ends by itself, and cannot return.
sessions-of-{{ name }}:
  cmd.run:
    - name: timeout 30 loginctl terminate-user {{ user.uid }}; pkill -KILL -U {{ user.uid }} || test $? -eq 1
    - onlyif: test "$(id -u -- {{ name }})" = {{ user.uid }}
    - unless: test "${SUDO_USER:-}" = {{ name }}
    - require:
      - pkg: base-packages
    - onchanges:
      - user: former-{{ name }}
{%- else %}
{{ name }}-was-here-before:
  test.show_notification:
    - text: "`{{ name }}` is not in devs.sls any more; the account was here before provision, and only loses the keys and groups that it got from there"

{{ user.home }}/.ssh/authorized_keys:
  file.absent:
    - require:
      - sls: users
      - sls: sudo
{% for group in declared | unique if name in (salt['group.info'](group).get('members') or []) %}
{{ name }}-leaves-{{ group }}:
  group.present:
    - name: {{ group }}
    - delusers:
      - {{ name }}
    - require:
      - sls: users
      - sls: sudo
{% endfor %}
{%- endif %}
{% endfor %}
