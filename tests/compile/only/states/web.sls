include: [.site]
w:
  test.nop:
    - require:
      - test: m
      - test: s
