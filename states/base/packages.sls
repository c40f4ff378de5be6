# Packages that every host has.
# Pillar: packages (a list of more).
base-packages:
  pkg.installed:
    - pkgs:
      - ca-certificates
      - cron
      - curl
      - git
      - less
      - logrotate
      - openssl
      - procps
      - rsync
{%- for package in pillar.get('packages') or [] %}
      - {{ package | yaml_dquote }}
{%- endfor %}
