a:
  service.running:
    - enable: perhaps
