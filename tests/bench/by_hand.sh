#!/bin/bash
# The peer of a whole first run: what an experienced administrator would write for this one host instead, in
# the best order and with nothing looked at twice. It installs the same packages, writes the same files and
# leaves the same services running as `provision staging` does on a bare Debian host, before the first deploy.
# It wants DB_PASSWORD, SECRET_KEY and PUBLIC_KEY to be set, and is run by root on the host.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

apt-get update -qq
apt-get install -y -qq --no-install-recommends \
    ca-certificates cron curl git less logrotate openssl procps rsync locales tzdata unattended-upgrades \
    sudo openssh-server ufw fail2ban iptables python3-systemd postgresql-15 memcached supervisor \
    python3 python3-venv nginx >/dev/null

# --- the host
sed -i 's/^# *en_US.UTF-8 UTF-8/en_US.UTF-8 UTF-8/' /etc/locale.gen
locale-gen >/dev/null
update-locale LANG=en_US.UTF-8
ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/localtime
echo Etc/UTC >/etc/timezone
echo 'net.core.somaxconn = 1024' >/etc/sysctl.d/99-provision.conf
sysctl -q -p /etc/sysctl.d/99-provision.conf
cat >/etc/apt/apt.conf.d/90provision-upgrades <<'END'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";
Unattended-Upgrade::Automatic-Reboot "false";
Unattended-Upgrade::Automatic-Reboot-Time "04:00";
END

# --- people
groupadd --system admin
groupadd --system login
groupadd --system provision-devs
useradd --create-home --shell /bin/bash --groups admin,login,provision-devs ada
install -d -o ada -g ada -m 0700 /home/ada/.ssh
printf '%s\n' "$PUBLIC_KEY" >/home/ada/.ssh/authorized_keys
chown ada:ada /home/ada/.ssh/authorized_keys
chmod 0600 /home/ada/.ssh/authorized_keys
(umask 0337 && echo '%admin ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/provision)
visudo -c -q -f /etc/sudoers.d/provision
grep -q '^Include /etc/ssh/sshd_config.d/' /etc/ssh/sshd_config ||
    sed -i '1i Include /etc/ssh/sshd_config.d/*.conf' /etc/ssh/sshd_config
cat >/etc/ssh/sshd_config.d/00-provision.conf <<'END'
X11Forwarding no
LoginGraceTime 30
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowGroups login
END
cat >/etc/ssh/ssh_known_hosts <<'END'
github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl
gitlab.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf
bitbucket.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO
codeberg.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIVIC02vnjFyL+I4RHfvIGNtOgJMe769VTF1VR4EB3ZB
END
sshd -t
systemctl reload ssh

# --- the firewall
ufw default deny incoming >/dev/null
ufw default allow outgoing >/dev/null
ufw allow 22/tcp comment ssh >/dev/null
ufw allow 80/tcp comment http >/dev/null
ufw allow 443/tcp comment https >/dev/null
ufw --force enable >/dev/null
cat >/etc/fail2ban/jail.local <<'END'
[DEFAULT]
bantime = 1h
findtime = 10m
maxretry = 5
ignoreip = 127.0.0.1/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16
banaction = iptables-multiport
banaction_allports = iptables-allports

[sshd]
enabled = true
backend = systemd
port = 22
filter = sshd[journalmatch="_SYSTEMD_UNIT=ssh.service + _COMM=sshd + _COMM=sshd-session"]
END
systemctl restart fail2ban

# --- database and cache
cat >/etc/postgresql/15/main/conf.d/provision.conf <<'END'
listen_addresses = 'localhost'
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '512MB'
effective_cache_size = '1024MB'
maintenance_work_mem = '128MB'
work_mem = '8MB'
random_page_cost = '1.1'
END
cat >/etc/postgresql/15/main/pg_hba.conf <<'END'
local   all  all  peer
host    "example"  "example"  127.0.0.1/32  scram-sha-256
host    "example"  "example"  ::1/128  scram-sha-256
END
systemctl restart postgresql
runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 -v password="$DB_PASSWORD" <<'END'
CREATE ROLE example LOGIN PASSWORD :'password';
CREATE DATABASE example OWNER example ENCODING 'UTF8' TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';
END
cat >/etc/memcached.conf <<'END'
-d
logfile /var/log/memcached.log
-m 64
-p 11211
-U 0
-u memcache
-l 127.0.0.1
-P /var/run/memcached/memcached.pid
END
systemctl restart memcached

# --- the application
useradd --system --user-group --home-dir /var/www/example --no-create-home --shell /usr/sbin/nologin example
install -d -m 0755 /var/www/example/{releases,shared,public} /etc/provision/example
install -d -o example -g example -m 0750 /var/www/example/shared/{log,tmp}
install -d -o example -g example -m 0755 /var/www/example/shared/media /var/www/example/public/static
ln -s /var/www/example/shared/media /var/www/example/public/media
echo 'd /run/example 0750 example www-data -' >/etc/tmpfiles.d/example.conf
install -d -o example -g www-data -m 0750 /run/example
(
    umask 0137
    DB_PASSWORD=$DB_PASSWORD SECRET_KEY=$SECRET_KEY python3 -c '
import json, os
json.dump({
    "DJANGO_SETTINGS_MODULE": "example.settings", "DOMAIN": "staging.example.com", "ENVIRONMENT": "staging",
    "DB_NAME": "example", "DB_USER": "example", "DB_HOST": "127.0.0.1", "DB_PORT": "5432",
    "CACHE_HOST": "127.0.0.1:11211", "STATIC_ROOT": "/var/www/example/public/static",
    "MEDIA_ROOT": "/var/www/example/public/media", "LOG_DIR": "/var/www/example/shared/log",
    "TMPDIR": "/var/www/example/shared/tmp", "LANG": "C.UTF-8", "SITE_TITLE": "Example (staging)",
    "DB_PASSWORD": os.environ["DB_PASSWORD"], "SECRET_KEY": os.environ["SECRET_KEY"],
}, open("/etc/provision/example/env", "w"), indent=2)'
)
chgrp example /etc/provision/example/env
cat >/etc/provision/example/gunicorn.conf.py <<'END'
bind = "unix:/run/example/gunicorn.sock"
workers = 5
timeout = 30
graceful_timeout = 20
max_requests = 2000
max_requests_jitter = 200
worker_tmp_dir = "/dev/shm"
forwarded_allow_ips = "*"
errorlog = "/var/www/example/shared/log/gunicorn.log"
capture_output = True
control_socket_disable = True
END
cat >/etc/supervisor/conf.d/example-web.conf <<'END'
[program:example-web]
command=/usr/local/bin/provision env example -- /var/www/example/current/.venv/bin/gunicorn --config /etc/provision/example/gunicorn.conf.py example.wsgi:application
directory=/var/www/example/current
user=example
environment=HOME="/var/www/example",USER="example"
autostart=true
autorestart=true
startsecs=3
stopwaitsecs=30
killasgroup=true
redirect_stderr=true
stdout_logfile=/var/log/supervisor/example-web.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=2
END
systemctl enable --quiet --now supervisor

# --- the web server
install -d -m 0755 /etc/nginx/pages
for page in maintenance not-deployed unavailable; do
    cat >/etc/nginx/pages/$page.html <<END
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>example: $page</title>
<p>This site is $page. Please come back in a while.</p>
</html>
END
done
install -d -m 0700 /etc/nginx/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
    -subj /CN=staging.example.com -addext subjectAltName=DNS:staging.example.com \
    -keyout /etc/nginx/tls/staging.example.com.key -out /etc/nginx/tls/staging.example.com.crt 2>/dev/null
cat >/etc/nginx/nginx.conf <<'END'
user www-data;
worker_processes auto;
pid /run/nginx.pid;
include /etc/nginx/modules-enabled/*.conf;

events {
    worker_connections 1024;
}

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;

    sendfile on;
    tcp_nopush on;
    server_tokens off;
    server_names_hash_bucket_size 128;
    client_max_body_size 20m;

    access_log /var/log/nginx/access.log;
    error_log /var/log/nginx/error.log;

    gzip on;
    gzip_vary on;
    gzip_proxied any;
    gzip_min_length 1024;
    gzip_types text/plain text/css text/xml text/javascript application/javascript
               application/json application/xml application/rss+xml image/svg+xml;

    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:provision:10m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    include /etc/nginx/conf.d/*.conf;
    include /etc/nginx/sites-enabled/*.conf;
}
END
cat >/etc/nginx/sites-enabled/example.conf <<'END'
upstream example {
    server unix:/run/example/gunicorn.sock fail_timeout=0;
}

server {
    listen 80 default_server;
    listen [::]:80 default_server;
    listen 443 ssl http2 default_server;
    listen [::]:443 ssl http2 default_server;
    ssl_certificate /etc/nginx/tls/staging.example.com.crt;
    ssl_certificate_key /etc/nginx/tls/staging.example.com.key;
    server_name _;
    return 444;
}

server {
    listen 80;
    listen [::]:80;
    server_name staging.example.com;

    location ^~ /.well-known/acme-challenge/ {
        root /var/www/letsencrypt;
        default_type text/plain;
    }

    location / {
        return 301 https://staging.example.com$request_uri;
    }
}

server {
    listen 443 ssl http2;
    listen [::]:443 ssl http2;
    ssl_certificate /etc/nginx/tls/staging.example.com.crt;
    ssl_certificate_key /etc/nginx/tls/staging.example.com.key;
    server_name staging.example.com;

    error_page 502 504 @unavailable;
    error_page 503 @maintenance;
    error_page 598 =503 @not-deployed;
    if (-f /var/www/example/maintenance) {
        return 503;
    }
    if (!-e /var/www/example/current) {
        return 598;
    }

    location @unavailable {
        root /etc/nginx/pages;
        rewrite ^ /unavailable.html break;
    }
    location @maintenance {
        root /etc/nginx/pages;
        add_header Retry-After 120 always;
        rewrite ^ /maintenance.html break;
    }
    location @not-deployed {
        root /etc/nginx/pages;
        rewrite ^ /not-deployed.html break;
    }

    location /static/ {
        alias /var/www/example/public/static/;
        access_log off;
        expires 1h;
    }
    location /media/ {
        alias /var/www/example/public/media/;
        add_header X-Content-Type-Options nosniff always;
    }
    location ~ /\.(?!well-known/) {
        return 404;
    }
    location / {
        proxy_pass http://example;
        proxy_set_header Host $http_host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        proxy_redirect off;
    }
}
END
nginx -t -q
systemctl reload nginx
cat >/etc/logrotate.d/example <<'END'
/var/www/example/shared/log/*.log {
    su example example
    daily
    rotate 30
    missingok
    notifempty
    compress
    delaycompress
    copytruncate
}
END
