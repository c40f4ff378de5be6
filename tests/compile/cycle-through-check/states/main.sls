graceful:
  test.nop:
    - prereq:
      - test: code
code:
  test.nop:
    - require:
      - test: graceful
