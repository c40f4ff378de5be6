# The application: its user and directories, its process environment, and on hosts with
# the role web Gunicorn under Supervisor. The code comes with `provision <env> deploy`; until the first one
# Nginx says that nothing is deployed yet, and Gunicorn is set up but not started.
# Pillar: python, settings_module, wsgi, domain, env, secrets; gunicorn:workers (two
# for each processor and one, if memory allows), gunicorn:timeout (30).
{%- from 'project.jinja' import project, roles with context %}
{%- from 'app/map.jinja' import environment with context %}
{%- set python = pillar.get('python', 'python3') %}
include:
  - supervisor

application-packages:
  pkg.installed:
    - install_recommends: False
    - pkgs:
      - {{ python }}
      - {{ python }}-venv

application-user:
  group.present:
    - name: {{ project.user }}
    - system: True
  user.present:
    - name: {{ project.user }}
    - gid: {{ project.user }}
    - system: True
    - home: {{ project.root }}
    - createhome: False
    - shell: /usr/sbin/nologin
    - require:
      - group: application-user

# Root's: the releases are put there by deploys, and read by everybody they must be.
application-directories:
  file.directory:
    - names:
      - {{ project.root }}
      - {{ project.root }}/releases
      - {{ project.shared }}
      - {{ project.public }}
    - user: root
    - group: root
    - mode: '0755'
    - makedirs: True

# The application's own: what it writes.
application-data:
  file.directory:
    - names:
      - {{ project.shared }}/log:
        - mode: '0750'
      - {{ project.shared }}/tmp:
        - mode: '0750'
      - {{ project.shared }}/media
    - user: {{ project.user }}
    - group: {{ project.user }}
    - mode: '0755'
    - require:
      - file: application-directories
      - user: application-user

{{ project.public }}/media:
  file.symlink:
    - target: {{ project.shared }}/media
    - require:
      - file: application-data

{{ project.config }}:
  file.directory:
    - user: root
    - group: root
    - mode: '0755'
    - makedirs: True

# The process environment, read by `provision env`. The only file with secrets.
{{ project.config }}/env:
  file.serialize:
    - serializer: json
    - user: root
    - group: {{ project.user }}
    - mode: '0640'
    - show_changes: False
    - dataset:
{%- for name, value in environment.items() %}
        {{ name }}: {{ value | string | yaml_dquote }}
{%- endfor %}
    - require:
      - file: {{ project.config }}
      - group: application-user
{% if 'web' in roles %}
# The socket's directory, which Nginx may enter; made again after each start.
/etc/tmpfiles.d/{{ project.name }}.conf:
  file.managed:
    - mode: '0644'
    - contents: d {{ project.run }} 0750 {{ project.user }} www-data -

{{ project.run }}:
  file.directory:
    - user: {{ project.user }}
    - group: www-data
    - mode: '0750'
    - require:
      - user: application-user

{{ project.config }}/gunicorn.conf.py:
  file.managed:
    - source: salt://app/files/gunicorn.conf.py
    - template: jinja
    - mode: '0644'
    - require:
      - file: {{ project.config }}

/etc/supervisor/conf.d/{{ project.name }}-web.conf:
  file.managed:
    - source: salt://app/files/supervisor.conf
    - template: jinja
    - mode: '0644'
    - require:
      - pkg: supervisor
{% if salt['file.directory_exists'](project.current) %}
{{ project.name }}-web:
  supervisord.running:
    - require:
      - service: supervisor
      - file: {{ project.run }}
      - file: application-data
    - watch:
      - file: /etc/supervisor/conf.d/{{ project.name }}-web.conf

# New processes in the place of the old ones; no request is refused meanwhile.
{{ project.name }}-web-renewed:
  cmd.run:
    - name: /usr/local/bin/provision renew --if-running {{ project.name }}
    - onchanges:
      - file: {{ project.config }}/env
      - file: {{ project.config }}/gunicorn.conf.py
    - require:
      - supervisord: {{ project.name }}-web
{% endif %}
{%- endif %}
