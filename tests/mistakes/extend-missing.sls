extend:
  nobody:
    test.nop:
      - x: 1
