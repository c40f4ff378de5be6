# Packages that every host has. All base states install without what packages only
# recommend: on Debian that would bring a mail server.
# Pillar: packages (a list of more; these come with what they recommend).
base-packages:
  pkg.installed:
    - install_recommends: False
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
{% if site.packages %}
project-packages:
  pkg.installed:
    - pkgs:
{%- for package in site.packages %}
      - {{ package | yaml_dquote }}
{%- endfor %}
{%- endif %}
