all:
  test.nop:
    - unless:
      - 'false'
      - fun: file.file_exists
        path: /x
    - onlyif: true
    - creates: /x
    - retry:
        attempts: 3
        interval: 1
    - failhard: True
    - parallel: yes
    - runas: root
    - timeout: 5
    - umask: '022'
    - fire_event: True
    - reload_grains: True
    - aggregate: True
    - check_cmd:
      - 'true'
