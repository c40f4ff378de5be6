include: [lower, empty]
before:
  test.nop:
    - require:
      - sls: lower
      - sls: empty
