# The application: its user and directories, its process environment, and on hosts with
# the role web Gunicorn under Supervisor. The code comes with `provision <env> deploy`; until the first one
# Nginx says that nothing is deployed yet, and Gunicorn is set up but not started.
# Pillar: python, settings_module, wsgi, domain, env, secrets; gunicorn:workers (two
# for each processor and one, if memory allows), gunicorn:timeout (30),
# gunicorn:ports (none: a socket; else a web program for each of these ports of 127.0.0.1).
{%- from 'project.jinja' import project, roles with context %}
{%- from 'app/map.jinja' import environment, web_programs with context %}
{%- set python = site.python %}
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

{% for program in web_programs.all %}
/etc/supervisor/conf.d/{{ program.name }}.conf:
  file.managed:
    - source: salt://app/files/supervisor.conf
    - template: jinja
    - context:
        program: {{ program | tojson }}
    - mode: '0644'
    - require:
      - pkg: supervisor
{% if salt['file.directory_exists'](project.current) %}
{{ program.name }}:
  supervisord.running:
    - require:
      - service: supervisor
      - file: {{ project.run }}
      - file: application-data
    - watch:
      - file: /etc/supervisor/conf.d/{{ program.name }}.conf
{% endif %}
{%- endfor %}
{#- Those that are no more, after Nginx asks the new ones. #}
{%- set programs = '/etc/supervisor/conf.d' %}
{%- set own = salt['file.readdir'](programs) if salt['file.directory_exists'](programs) else [] %}
{%- for conf in own if conf.startswith(project.name ~ '-web') and conf.endswith('.conf') %}
{%- set file = programs ~ '/' ~ conf %}
{%- set old = conf.removesuffix('.conf') %}
{%- set rest = old.removeprefix(project.name ~ '-web') %}
{%- if (rest == '' or (rest.startswith('-') and rest[1:].isdigit())) and old not in (web_programs.all | map(attribute='name') | list) %}
{{ file }}:
  file.absent:
    - order: last

{{ old }}-ends:
  cmd.run:
    - name: supervisorctl update {{ old }}
    - order: last
    - onchanges:
      - file: {{ file }}
{% endif %}
{%- endfor %}
{% if salt['file.directory_exists'](project.current) %}
# New processes in the place of the old ones; no request is refused meanwhile.
{{ project.name }}-web-renewed:
  cmd.run:
    - name: /usr/local/bin/provision renew --if-running {{ project.name }}
    - runas: {{ project.user }}
    - onchanges:
      - file: {{ project.config }}/env
      - file: {{ project.config }}/gunicorn.conf.py
    - require:
{%- for program in web_programs.all %}
      - supervisord: {{ program.name }}
{%- endfor %}
{% endif %}
{%- endif %}
