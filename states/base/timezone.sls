# The system's time zone; the hardware clock keeps UTC.
# Pillar: timezone (Etc/UTC).
tzdata:
  pkg.installed:
    - install_recommends: False

{{ site.timezone }}:
  timezone.system:
    - utc: True
    - require:
      - pkg: tzdata
