# sshd lets in developers with keys and nobody else, as soon as one of them can
# administer the host; until then whoever comes in now still does. Once that is so it
# stays so: a run after which nobody in devs.sls could administer the host is refused
# before anything is changed.
# Pillar: users (see pillar/devs.sls), ssh:port (unset: sshd's port stays as it is),
# ssh:allow_groups ([login]).
{%- from 'users/map.jinja' import admins with context %}
{%- set port = site.ssh.port %}
include:
  - users
  - sudo
  - .known_hosts
{%- if port %}
  - firewall
{%- endif %}

openssh-server:
  pkg.installed:
    - install_recommends: False
{% if not admins %}
logins-left-alone:
  test.show_notification:
    - text: "root and passwords are not refused by sshd: nobody in devs.sls is in admin and login with a key"
{% endif %}
# Hosts upgraded from an older release may lack the line.
/etc/ssh/sshd_config:
  file.prepend:
    - text: Include /etc/ssh/sshd_config.d/*.conf
    - require:
      - pkg: openssh-server

# The first file that sets an option wins: 00 comes before what cloud images bring.
/etc/ssh/sshd_config.d/00-provision.conf:
  file.managed:
    - source: salt://ssh/files/sshd.conf
    - template: jinja
    - user: root
    - group: root
    - mode: '0644'
    - makedirs: True
    - check_cmd: /usr/sbin/sshd -t -f
    - require:
      - pkg: openssh-server
      - sls: users
      - sls: sudo
{%- if port %}
      # It lets the new port in before sshd moves there.
      - sls: firewall
{%- endif %}

ssh:
  service.running:
    - reload: True
    - require:
      - pkg: openssh-server
    - watch:
      - file: /etc/ssh/sshd_config
      - file: /etc/ssh/sshd_config.d/00-provision.conf
{%- if port %}

# Where systemd listens for sshd (Ubuntu from 22.10 on), it must learn of the port.
ssh-socket:
  cmd.run:
    - name: systemctl daemon-reload && systemctl restart ssh.socket
    - onlyif: systemctl is-active --quiet ssh.socket
    - unless: systemctl show --property=Listen ssh.socket | grep -q ':{{ port }} '
    - require:
      - file: /etc/ssh/sshd_config.d/00-provision.conf
{%- endif %}
