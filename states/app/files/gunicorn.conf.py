{%- from 'project.jinja' import project with context -%}
{%- from 'app/map.jinja' import workers, ports with context -%}
# Managed by provision (states/app). `provision serve` hands over the socket.
import os
import select
from wsgiref.util import setup_testing_defaults

workers = {{ workers }}
timeout = {{ site.gunicorn.timeout }}
graceful_timeout = 20
# A worker is renewed now and then, not all at once: leaks stay small.
max_requests = 2000
max_requests_jitter = 200
worker_tmp_dir = "/dev/shm"
{%- if ports %}
forwarded_allow_ips = "127.0.0.1"
{%- else %}
# Only Nginx can reach the socket, so what it says of the client is true.
forwarded_allow_ips = "*"
{%- endif %}
errorlog = "{{ project.shared }}/log/gunicorn.log"
capture_output = True
# Supervisor controls it.
control_socket_disable = True

TOLD = int(os.environ["PROVISION_READY_FD"]) if "PROVISION_READY_FD" in os.environ else None


def awaited():
    """Whether `provision serve` waits for this generation to answer."""
    if TOLD is None:
        return False
    watched = select.poll()
    watched.register(TOLD, 0)
    return not watched.poll(0)


def answer(application):
    """Asks the application what the deploy will ask the site; gives the status."""
    environ = {
        "PATH_INFO": "{{ site.deploy.health }}",
        "HTTP_HOST": "{{ site.domain }}",
        "HTTP_X_FORWARDED_PROTO": "https",
        "wsgi.url_scheme": "https",
        "REMOTE_ADDR": "127.0.0.1",
    }
    setup_testing_defaults(environ)
    statuses = []
    body = application(environ, lambda status, headers, exc_info=None: statuses.append(status))
    try:
        b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()
    return statuses[-1]


def post_worker_init(worker):
    """A new generation has to work before it takes over from one that does."""
    if not awaited():
        return
    try:
        status = answer(worker.wsgi)
        if status.startswith("5"):
            raise RuntimeError(f"the application answers {status}")
        os.write(TOLD, b".")
    except Exception:
        # Where another worker has answered meanwhile, this was one bad request.
        if awaited():
            raise
