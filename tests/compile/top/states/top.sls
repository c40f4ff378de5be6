base:
  '*':
    - all
  'db*':
    - db
  'os:Debian':
    - match: grain
    - debian
    - all
  'G@roles:web and not db*':
    - match: compound
    - web
  'none':
    - missing
