several:
  test.succeed_without_changes:
    - names:
      - one
      - two:
        - order: last
      - one
      - three:
after:
  test.nop:
    - require:
      - test: two
both:
  test.nop:
    - require:
      - test: several
