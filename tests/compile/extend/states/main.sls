include:
  - lower
extend:
  first:
    test:
      - succeed_without_changes
      - require:
        - test: more
      - name: replaced
  called:
    test.nop:
      - require:
        - test: more
more: test.nop
