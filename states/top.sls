# Which states a host gets. Every host gets the first part; the rest follows from
# the roles that its entry under `hosts` has (all of them, when it names none):
#   web        the application and Nginx
#   balancer   Nginx in front of the hosts with the role web (never by itself)
#   db-master  Postgres
#   db-replica Postgres that follows it, to be read from (never by itself)
#   cache      Memcached
#   worker     the application's Celery workers, if the pillar has `celery`
#   queue      Redis, through which they get their work; or RabbitMQ, with
#              `celery: {broker: rabbitmq}`
# Last come the project's own, which the pillar names under `states`.
{% from 'project.jinja' import queue, roles with context %}
base:
  '*':
    - base
    - users
    - sudo
    - firewall
    - ssh
    - users.former
    - fail2ban
{%- if grains.get('former_projects') %}
    - former
{%- endif %}
{%- if 'db-master' in roles %}
    - postgres
{%- endif %}
{%- if 'db-replica' in roles %}
    - postgres.replica
{%- endif %}
{%- if 'cache' in roles %}
    - memcached
{%- endif %}
{%- if 'queue' in roles %}
    - {{ queue }}
{%- endif %}
{%- if 'web' in roles or 'worker' in roles %}
    - supervisor
    - app
    - logrotate
{%- endif %}
{%- if 'worker' in roles %}
    - worker
{%- endif %}
{%- if 'web' in roles %}
    - nginx
{%- endif %}
{%- if 'balancer' in roles %}
    - nginx
{%- endif %}
{%- for sls in pillar.get('states') or [] %}
    - {{ sls }}
{%- endfor %}
