b:
  test.nop:
    - name: {{ pillar['domain'] }}
