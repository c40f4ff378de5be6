{%- from 'project.jinja' import project with context -%}
{%- from 'app/map.jinja' import workers with context -%}
# Managed by provision (states/app).
bind = "unix:{{ project.socket }}"
workers = {{ workers }}
timeout = {{ salt['pillar.get']('gunicorn:timeout', 30) }}
graceful_timeout = 20
# A worker is renewed now and then, not all at once: leaks stay small.
max_requests = 2000
max_requests_jitter = 200
worker_tmp_dir = "/dev/shm"
# Only Nginx can reach the socket, so what it says of the client is true.
forwarded_allow_ips = "*"
errorlog = "{{ project.shared }}/log/gunicorn.log"
capture_output = True
# Supervisor controls it.
control_socket_disable = True
