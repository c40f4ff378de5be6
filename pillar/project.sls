# What is the same in every environment. An environment's env.sls may override
# any key. Lines that are commented out show the default.

# Names the user, directories, database and programs: letters, digits and "-", and no
# name that the system uses.
project_name: example

# The interpreter's package: python3 is the distribution's own. With python3.12
# the packages python3.12 and python3.12-venv are installed.
python: python3

# Where the code comes from: a git URL, or a folder below the project's root that
# is sent from your checkout.
repo: tests/example-app

# The Django project inside the code.
settings_module: example.settings
wsgi: example.wsgi:application

# The project's own states, in states/, applied after those that come with provision.
#states: [site]
# Keys that they read, and that are not called like one of them.
#extra_keys: [mailing_lists]

# --- the host -----------------------------------------------------------------
#timezone: Etc/UTC
#locale: en_US.UTF-8
# More Debian packages, for example what a Python package needs to be compiled.
#packages: [build-essential, libpq-dev, python3-dev, gettext]
#
#unattended_upgrades:
#  enabled: yes
#  reboot: no                # restart the host when an upgrade asks for it
#  reboot_time: '04:00'
#
#kernel:
#  vm: yes                   # no: the host (a container) cannot set vm.* values
#  sysctl: {net.core.somaxconn: 1024}

# --- getting in ---------------------------------------------------------------
# Groups besides admin and login that are made for the people of devs.sls.
#groups: [deployers]
#
#sudo:
#  nopasswd: yes             # no: give the users a password hash in devs.sls
#
#ssh:
#  port: 2222                # unset: it stays as it is; once changed, say so in `hosts`
#  allow_groups: [login]
#
# Host keys of code hosts besides GitHub, GitLab, Bitbucket and Codeberg.
#known_hosts:
#  git.example.com: ssh-ed25519 AAAA…
#
#firewall:
#  enabled: yes
#  allow:                    # besides ssh, http and https
#    - {port: 8125, proto: udp, from: 10.0.0.0/8, comment: statsd}
#
#fail2ban:
#  enabled: yes
#  bantime: 1h
#  findtime: 10m
#  maxretry: 5
#  ignoreip: []

# --- services -----------------------------------------------------------------
#postgres:
#  version: 15               # unset: the one that the distribution ships
#  name: example             # database, and its owner:
#  user: example
#  locale: C.UTF-8           # no index breaks when the system's locales change
#  extensions: [pg_trgm]
#  settings:                 # over what is computed from the host's memory
#    shared_buffers: 512MB
#    max_connections: 100
#
# What is done with data that `db load` or `db copy` brought, by the application's user.
#db:
#  scrub: [python manage.py forget_people]
#
# A database server that is not ours; the hosts then have roles without db-master.
#database:
#  host: db.example.net
#  port: 5432
#
#memcached:
#  memory: 64                # MB
#
#gunicorn:
#  workers: 5                # unset: two for each processor and one, if memory allows
#  timeout: 30               # seconds
#  ports: [8001, 8002]       # a web program for each, example-web-8001 …; unset: one, at a socket
#
# Workers on hosts with the role worker, and a queue on one with the role queue.
# RabbitMQ needs QUEUE_PASSWORD in secrets.sls.
#celery:
#  app: example              # what `celery -A` is given
#  concurrency: 4            # unset: one for each processor
#  broker: redis             # or rabbitmq
#  beat: yes                 # work by the clock, on the first of the workers' hosts
#
#nginx:
#  max_upload: 20m
#
#https:
#  certificate: self-signed  # own: tls in secrets.sls; none: plain http
#
#logs:
#  keep_days: 30

# --- deploying ----------------------------------------------------------------
#deploy:
#  keep: 5                   # releases, the one that runs included
#  health: /                 # a path that answers 200 when the site works
#  patience: 30              # seconds it may take to
#  requirements: requirements.txt
#  shared: [media]           # links in each release to folders of shared/
#  manage:                   # what manage.py does before the switch
#    - [migrate, --noinput]
#    - [collectstatic, --noinput, --verbosity, '0']
#  hooks:                    # shell commands in the release, as the project's user;
#    after-switch: [./notify.sh]   # or a program deploy/hooks/after-switch in the code
