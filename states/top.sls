# Which states a host gets. Every host gets the first part; the rest follows from
# the roles that its entry under `hosts` has (all of them, when it names none):
#   web        the application and Nginx
#   balancer   Nginx in front of the hosts with the role web (never by itself)
#   db-master  Postgres
#   cache      Memcached
# Last come the project's own, which the pillar names under `states`.
{% from 'project.jinja' import roles with context %}
base:
  '*':
    - base
    - users
    - sudo
    - firewall
    - ssh
    - users.former
    - fail2ban
{%- if 'db-master' in roles %}
    - postgres
{%- endif %}
{%- if 'cache' in roles %}
    - memcached
{%- endif %}
{%- if 'web' in roles %}
    - supervisor
    - app
    - nginx
    - logrotate
{%- endif %}
{%- if 'balancer' in roles %}
    - nginx
{%- endif %}
{%- for sls in pillar.get('states') or [] %}
    - {{ sls }}
{%- endfor %}
