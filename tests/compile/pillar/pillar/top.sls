base:
  '*':
    - common
    - {{ opts.environment }}.env
    - {{ opts.environment }}.secrets
    - absent
    - ignore_missing: True
  'db*':
    - none
  'roles:web':
    - match: grain
    - web
