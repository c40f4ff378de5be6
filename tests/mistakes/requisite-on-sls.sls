a:
  test.nop:
    - require:
      - sls: nothing
