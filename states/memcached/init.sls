# Memcached, on the loopback address; hosts with the role web that have no cache
# reach it on the host's own address, which the firewall opens to them alone.
# Pillar: memcached:memory (64, in MB).
{%- from 'project.jinja' import peers with context %}
memcached:
  pkg.installed:
    - install_recommends: False
  service.running:
    - enable: True
    - require:
      - pkg: memcached
    - watch:
      - file: /etc/memcached.conf
{%- if peers.cache_clients %}
      - file: /etc/systemd/system/memcached.service.d/provision.conf

# It cannot listen on an address that the host does not have yet.
/etc/systemd/system/memcached.service.d/provision.conf:
  file.managed:
    - mode: '0644'
    - makedirs: True
    - contents: |
        [Unit]
        Wants=network-online.target
        After=network-online.target
{%- endif %}

/etc/memcached.conf:
  file.managed:
    - source: salt://memcached/files/memcached.conf
    - template: jinja
    - mode: '0644'
    - require:
      - pkg: memcached
