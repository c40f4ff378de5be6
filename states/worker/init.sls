# The application's Celery workers under Supervisor, and on the first host that has
# workers also Celery's beat, which hands out work by the clock.
# Pillar: celery:app (the Celery application, as in `celery -A`), :concurrency (one for
# each processor), :queues, :broker (redis, or rabbitmq), :beat (no), :options (more words for the worker).
{%- from 'project.jinja' import project, first_of with context %}
{%- set celery = site.celery or {} %}
include:
  - supervisor
  - app
{% if not celery.get('app') %}
{{ raise('the role worker needs `celery: {app: …}` in the pillar: what `celery -A` is given') }}
{% endif %}
{%- for program in ['worker'] + (['beat'] if celery.get('beat') and first_of('worker') == grains.id else []) %}
/etc/supervisor/conf.d/{{ project.name }}-{{ program }}.conf:
  file.managed:
    - source: salt://worker/files/supervisor.conf
    - template: jinja
    - context:
        program: {{ program }}
    - mode: '0644'
    - require:
      - pkg: supervisor
{% if salt['file.directory_exists'](project.current) %}
{{ project.name }}-{{ program }}:
  supervisord.running:
    - require:
      - service: supervisor
      - file: application-data
    - watch:
      - file: /etc/supervisor/conf.d/{{ project.name }}-{{ program }}.conf
      - file: {{ project.config }}/env
{% endif %}
{%- endfor %}
