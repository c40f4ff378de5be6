# Supervisor, which keeps the application's programs running.
supervisor:
  pkg.installed:
    - install_recommends: False
  service.running:
    - enable: True
    - require:
      - pkg: supervisor
