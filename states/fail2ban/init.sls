# fail2ban shuts out addresses that try passwords or keys at sshd.
# Pillar: fail2ban:enabled (yes), :bantime (1h), :findtime (10m), :maxretry (5),
# :ignoreip (a list of addresses and networks).
{%- if site.fail2ban.enabled %}
fail2ban-packages:
  pkg.installed:
    - install_recommends: False
    - pkgs:
      - fail2ban
      - iptables
      - python3-systemd

/etc/fail2ban/jail.local:
  file.managed:
    - source: salt://fail2ban/files/jail.local
    - template: jinja
    - mode: '0644'
    - require:
      - pkg: fail2ban-packages

fail2ban:
  service.running:
    - enable: True
    - require:
      - pkg: fail2ban-packages
    - watch:
      - file: /etc/fail2ban/jail.local
{%- else %}
fail2ban-left-alone:
  test.show_notification:
    - text: "fail2ban is not set up: fail2ban:enabled is off in the pillar"
{%- endif %}
