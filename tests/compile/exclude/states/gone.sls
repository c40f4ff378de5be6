extend:
  first:
    test:
      - name: not extended
third: test.nop
