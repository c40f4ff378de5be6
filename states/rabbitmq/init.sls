# RabbitMQ as the queue of Celery's workers, with `celery: {broker: rabbitmq}` in the
# pillar: a virtual host and a user for the project, on the loopback address; hosts that
# run the application and have no queue reach it on the host's own address, which the
# firewall opens to them alone.
# Pillar: secrets:QUEUE_PASSWORD.
{%- from 'project.jinja' import project, own_address, peers with context %}
{%- set password = salt['pillar.get']('secrets:QUEUE_PASSWORD', '') %}
{% if not password %}
{{ raise('`celery: {broker: rabbitmq}` needs `QUEUE_PASSWORD` under `secrets` in secrets.sls') }}
{% endif %}
# Before the package, which starts the server at once. The name stays when the host's
# own name changes.
/etc/rabbitmq/rabbitmq-env.conf:
  file.managed:
    - mode: '0644'
    - makedirs: True
    - contents: |
        # Managed by provision (states/rabbitmq).
        NODENAME=rabbit@localhost

/etc/rabbitmq/rabbitmq.conf:
  file.managed:
    - mode: '0644'
    - makedirs: True
    - contents: |
        # Managed by provision (states/rabbitmq).
        listeners.tcp.1 = 127.0.0.1:5672
{%- if peers.queue_clients %}
        listeners.tcp.2 = {{ '[' ~ own_address ~ ']' if ':' in own_address else own_address }}:5672

# It cannot listen on an address that the host does not have yet.
/etc/systemd/system/rabbitmq-server.service.d/provision.conf:
  file.managed:
    - mode: '0644'
    - makedirs: True
    - contents: |
        [Unit]
        Wants=network-online.target
        After=network-online.target
{%- endif %}

rabbitmq-server:
  pkg.installed:
    - install_recommends: False
    - require:
      - file: /etc/rabbitmq/rabbitmq-env.conf
      - file: /etc/rabbitmq/rabbitmq.conf
  service.running:
    - enable: True
    - require:
      - pkg: rabbitmq-server
    - watch:
      - file: /etc/rabbitmq/rabbitmq-env.conf
      - file: /etc/rabbitmq/rabbitmq.conf
{%- if peers.queue_clients %}
      - file: /etc/systemd/system/rabbitmq-server.service.d/provision.conf
{%- endif %}

queue-host:
  rabbitmq_vhost.present:
    - name: {{ project.name }}
    - require:
      - service: rabbitmq-server

queue-user:
  rabbitmq_user.present:
    - name: {{ project.user }}
    - password: {{ password | string | yaml_dquote }}
    - perms:
      - {{ project.name }}:
        - '.*'
        - '.*'
        - '.*'
    - require:
      - rabbitmq_vhost: queue-host

# The package's own, which everybody knows.
guest:
  rabbitmq_user.absent:
    - require:
      - service: rabbitmq-server
