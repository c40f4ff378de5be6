# The people of devs.sls: their groups, accounts and ssh keys.
# Pillar: users (see pillar/devs.sls). Who is taken off the list: users.former.
{%- from 'users/map.jinja' import users, ledger with context %}
{%- set wanted = namespace(groups=['admin', 'login', ledger]) %}
{%- for user in users.values() %}
  {%- set wanted.groups = wanted.groups + (user.get('groups') or []) %}
{%- endfor %}
{%- for group in wanted.groups | unique %}
group-{{ group }}:
  group.present:
    - name: {{ group }}
    - system: True
{% endfor %}
{%- for name, user in users.items() %}
user-{{ name }}:
  user.present:
    - name: {{ name }}
    - fullname: {{ user.get('fullname', '') | yaml_dquote }}
    - shell: {{ user.get('shell', '/bin/bash') }}
    - expire: -1
    - groups:
{%- for group in (user.get('groups') or []) + [ledger] %}
      - {{ group }}
{%- endfor %}
{%- if user.get('password') %}
    - password: {{ user.password | yaml_dquote }}
{%- endif %}
    - require:
{%- for group in (user.get('groups') or []) + [ledger] %}
      - group: group-{{ group }}
{%- endfor %}

keys-of-{{ name }}:
  ssh_auth.manage:
    - user: {{ name }}
    - ssh_keys:
{%- for key in user.get('public_key') or [] %}
      - {{ key | yaml_dquote }}
{%- else %} []
{%- endfor %}
    - require:
      - user: user-{{ name }}
{% endfor %}
