a: 1
b: {{ grains.oss }}
