a:
  test.nop:
    - require:
      - test: web
      - tset: web-1
      - web-2
      - test.nop: web-1
      - test: [web-1]
      - test:
    - watch:
        test: web-1
    - onchanges: web-1
    - onfail:
    - prereq:
      - test: web-1
        pkg: x
    - require_in:
      - test: nobody
    - listen:
      - sls: mian
web-1: test.nop
