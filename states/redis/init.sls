# Redis as the queue of Celery's workers, on the loopback address; hosts that run the
# application and have no queue reach it on the host's own address, which the firewall
# opens to them alone. What is queued survives a restart.
{%- from 'project.jinja' import peers with context %}
redis-server:
  pkg.installed:
    - install_recommends: False
  service.running:
    - enable: True
    - require:
      - pkg: redis-server
    - watch:
      - file: /etc/redis/redis.conf
{%- if peers.queue_clients %}
      - file: /etc/systemd/system/redis-server.service.d/provision.conf

# It cannot listen on an address that the host does not have yet.
/etc/systemd/system/redis-server.service.d/provision.conf:
  file.managed:
    - mode: '0644'
    - makedirs: True
    - contents: |
        [Unit]
        Wants=network-online.target
        After=network-online.target
{%- endif %}

/etc/redis/redis.conf:
  file.managed:
    - source: salt://redis/files/redis.conf
    - template: jinja
    - user: redis
    - group: redis
    - mode: '0640'
    - require:
      - pkg: redis-server
