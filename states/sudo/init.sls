# Members of the group admin may do everything as root.
# Pillar: sudo:nopasswd (yes, for the accounts have no passwords unless devs.sls
# gives them one).
{%- set nopasswd = site.sudo.nopasswd %}
sudo:
  pkg.installed:
    - install_recommends: False

/etc/sudoers.d/provision:
  file.managed:
    - user: root
    - group: root
    - mode: '0440'
    - contents: '%admin ALL=(ALL:ALL) {{ 'NOPASSWD: ' if nopasswd else '' }}ALL'
    - check_cmd: /usr/sbin/visudo -c -f
    - require:
      - pkg: sudo
