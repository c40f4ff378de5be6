all:
  test.nop:
    - unless:
    - onlyif: [3, {func: x}]
    - creates: {a: b}
    - retry: {atempts: 3}
    - failhard: perhaps
    - timeout: long
    - umask: 999
