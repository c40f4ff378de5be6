# Nginx in front of the application: static and media files, HTTPS, a page while
# there is nothing to show (not deployed yet, under maintenance, not answering).
# On a host with the role balancer: Nginx in front of the hosts with the role web.
# Names that are not the site's get no answer. `touch /var/www/<project>/maintenance`
# switches the maintenance page on, removing the file switches it off.
# Pillar: domain, aliases; https:certificate (self-signed; own: tls:certificate and
# tls:key of secrets.sls; none: plain http, where something in front does the rest);
# nginx:max_upload (20m).
{%- from 'project.jinja' import project, roles with context %}
{%- from 'nginx/map.jinja' import server with context %}
nginx:
  pkg.installed:
    - install_recommends: False
  service.running:
    - enable: True
    - reload: True
    - require:
      - pkg: nginx
    - watch:
      - file: /etc/nginx/nginx.conf
      - file: /etc/nginx/sites-enabled/{{ project.name }}.conf
{%- if server.certificate == 'own' %}
      - file: {{ server.crt }}
      - file: {{ server.key }}
{%- elif server.certificate == 'self-signed' %}
      - cmd: certificate
{%- endif %}

/etc/nginx/pages:
  file.recurse:
    - source: salt://nginx/files/pages
    - template: jinja
    - user: root
    - group: root
    - dir_mode: '0755'
    - file_mode: '0644'
    - require:
      - pkg: nginx

/etc/nginx/tls:
  file.directory:
    - user: root
    - group: root
    - mode: '0700'
    - require:
      - pkg: nginx
{% if server.certificate == 'self-signed' %}
certificate-package:
  pkg.installed:
    - name: openssl
    - install_recommends: False

# The names are in the file's name: a site that moves gets a certificate of its own.
certificate:
  cmd.run:
    - name: >-
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650
        -subj '/CN={{ server.domain }}'
        -addext 'subjectAltName={% for name in [server.domain] + server.aliases %}DNS:{{ name }}{{ '' if loop.last else ',' }}{% endfor %}'
        -keyout {{ server.key }} -out {{ server.crt }}
    - umask: '077'
    - creates:
      - {{ server.key }}
      - {{ server.crt }}
    - require:
      - pkg: certificate-package
      - file: /etc/nginx/tls
    - require_in:
      - file: /etc/nginx/sites-enabled/{{ project.name }}.conf
{% elif server.certificate == 'own' %}
{{ server.crt }}:
  file.managed:
    - contents_pillar: tls:certificate
    - user: root
    - group: root
    - mode: '0644'
    - require:
      - file: /etc/nginx/tls
    - require_in:
      - file: /etc/nginx/sites-enabled/{{ project.name }}.conf

{{ server.key }}:
  file.managed:
    - contents_pillar: tls:key
    - user: root
    - group: root
    - mode: '0600'
    - show_changes: False
    - require:
      - file: /etc/nginx/tls
    - require_in:
      - file: /etc/nginx/sites-enabled/{{ project.name }}.conf
{% endif %}
# Includes sites-enabled/*.conf only, and so not the package's own "default".
/etc/nginx/nginx.conf:
  file.managed:
    - source: salt://nginx/files/nginx.conf
    - template: jinja
    - user: root
    - group: root
    - mode: '0644'
    - check_cmd: /usr/sbin/nginx -t -q -c
    - require:
      - pkg: nginx

# A site is tried before it is put in place: what Nginx refuses never lands.
/usr/local/sbin/nginx-try-site:
  file.managed:
    - source: salt://nginx/files/try-site
    - user: root
    - group: root
    - mode: '0755'

/etc/nginx/sites-enabled/{{ project.name }}.conf:
  file.managed:
    - source: salt://nginx/files/{{ 'balancer' if 'balancer' in roles else 'site' }}.conf
    - template: jinja
    - user: root
    - group: root
    - mode: '0644'
    - makedirs: True
    - check_cmd: /usr/local/sbin/nginx-try-site
    - require:
      - pkg: nginx
      - file: /usr/local/sbin/nginx-try-site
      - file: /etc/nginx/pages
      - file: /etc/nginx/tls
{%- if 'balancer' in roles %}
{%- if 'web' in roles %}
{{ raise('a host cannot have both roles, web and balancer: without a balancer, web is all that a site needs') }}
{%- endif %}

# Where the maintenance page is switched.
{{ project.root }}:
  file.directory:
    - mode: '0755'
    - makedirs: True
{%- endif %}
