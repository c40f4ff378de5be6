# Of projects that had this host before it was taken over: their site and their programs
# end, since two projects would fight for Nginx, ports and memory. What else they left
# (files, databases, accounts, secrets) stays, for somebody to fetch or remove.
{%- from 'project.jinja' import project with context %}
{%- set programs = '/etc/supervisor/conf.d' %}
{%- set confs = salt['file.readdir'](programs) if salt['file.directory_exists'](programs) else [] %}
{%- for name in grains.get('former_projects', []) %}
{%- set site = '/etc/nginx/sites-enabled/' ~ name ~ '.conf' %}
{%- if salt['file.file_exists'](site) %}
{{ site }}:
  file.absent

{{ name }}-is-not-served:
  cmd.run:
    - name: systemctl try-reload-or-restart nginx.service
    - onchanges:
      - file: {{ site }}
{% endif %}
{%- for conf in confs if conf.startswith(name ~ '-') and conf.endswith('.conf') and not conf.startswith(project.name ~ '-') %}
{{ programs }}/{{ conf }}:
  file.absent

{{ conf.removesuffix('.conf') }}-ends:
  cmd.run:
    - name: supervisorctl update {{ conf.removesuffix('.conf') }} || ! supervisorctl status {{ conf.removesuffix('.conf') }}
    - onchanges:
      - file: {{ programs }}/{{ conf }}
{% endfor %}
{%- endfor %}
