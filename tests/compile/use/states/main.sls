template:
  test.configurable_test_state:
    - changes: True
    - result: True
    - comment: shared
    - require:
      - test: other
user:
  test.configurable_test_state:
    - comment: own
    - use:
      - test: template
other:
  test.configurable_test_state:
    - use_in:
      - test: third
    - warnings: careful
third:
  test.configurable_test_state: []
