a:
  test.nop:
    - retry: {attempt: 3}
