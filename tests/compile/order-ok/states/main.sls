last:
  test.nop:
    - order: last
negative:
  test.nop:
    - order: -2
plain: test.nop
second:
  test.nop:
    - order: 2
first:
  test.nop:
    - order: first
pulled:
  test.nop:
    - require:
      - test: end
middle: test.nop
end: test.nop
after-last:
  test.nop:
    - order: last
