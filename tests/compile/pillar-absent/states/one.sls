a:
  test.nop:
    - name: {{ pillar.secrets.TOKEN }}
