a:
  test.nop:
    - v: {{ salt['bar.x']() }}
