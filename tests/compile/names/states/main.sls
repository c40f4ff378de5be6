several:
  test.succeed_with_changes:
    - names:
      - one
      - two:
        - comment: other
      - one
      - three:
    - comment: usual
after:
  test.nop:
    - require:
      - test: two
both:
  test.nop:
    - require:
      - test: several
named:
  test.nop:
    - name: 12
    - names: nothing
