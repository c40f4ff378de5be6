# The people of devs.sls: their groups, accounts and ssh keys. What cannot be meant
# there is refused before anything is changed: accounts of the system, groups that
# nobody declared, people without a key.
# Pillar: users (see pillar/devs.sls), groups (made besides admin and login).
# Who is taken off the list: users.former.
{%- from 'users/map.jinja' import users, declared, ledger with context %}
{%- set made = namespace(groups=declared) %}
{%- set project = pillar.get('project_name') %}
{%- for user in users.values() if project in (user.get('groups') or []) %}
  {%- set made.groups = made.groups + [project] %}
{%- endfor %}
{%- for group in made.groups | unique %}
group-{{ group }}:
  group.present:
    - name: {{ group }}
    - system: True
{% endfor %}
{%- for name, user in users.items() %}
{%- set groups = ((user.get('groups') or []) + [ledger]) | unique | list %}
{%- set keys = user.get('public_key') or [] %}
{%- set keys = [keys] if keys is string else keys %}
user-{{ name }}:
  user.present:
    - name: {{ name }}
    - fullname: {{ (user.get('fullname') or '') | yaml_dquote }}
    - shell: {{ user.get('shell') or '/bin/bash' }}
    - expire: -1
    - groups:
{%- for group in groups %}
      - {{ group }}
{%- endfor %}
{%- if user.get('password') %}
    - password: {{ user.password | yaml_dquote }}
{%- endif %}
    - require:
{%- for group in groups if group in made.groups %}
      - group: group-{{ group }}
{%- endfor %}

keys-of-{{ name }}:
  ssh_auth.manage:
    - user: {{ name }}
    - ssh_keys:
{%- for key in keys %}
      - {{ key | yaml_dquote }}
{%- else %} []
{%- endfor %}
    - require:
      - user: user-{{ name }}
{% endfor %}
