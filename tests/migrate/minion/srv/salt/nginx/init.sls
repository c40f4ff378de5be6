nginx:
  pkg.installed: []
  service.running:
    - requires:
      - pkg: nginx
/etc/nginx/x.conf:
  file.managed:
    - source: salt://nginx/missing.conf
    - require_in:
      - service: nginx
