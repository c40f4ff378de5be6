base:
  '*':
    - al
    - {a: b, c: d}
  'x and':
    - match: compound
    - all
  'y':
    - match: compund
    - all
dev:
  '*': [all]
