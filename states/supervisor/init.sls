# Supervisor, which keeps the application's programs running.
supervisor:
  pkg.installed: []
  service.running:
    - enable: True
    - require:
      - pkg: supervisor
