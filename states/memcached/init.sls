# Memcached, on the loopback address; other hosts with the role web reach it on the
# host's own address, which the firewall opens to them alone.
# Pillar: memcached:memory (64, in MB).
memcached:
  pkg.installed:
    - install_recommends: False
  service.running:
    - enable: True
    - require:
      - pkg: memcached
    - watch:
      - file: /etc/memcached.conf

/etc/memcached.conf:
  file.managed:
    - source: salt://memcached/files/memcached.conf
    - template: jinja
    - mode: '0644'
    - require:
      - pkg: memcached
