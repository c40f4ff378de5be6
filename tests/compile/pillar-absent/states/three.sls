c:
  test.nop:
    - name: {{ pillar.site.nmae }}
