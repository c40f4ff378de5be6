include:
  - .more
  - shared:
      key: a:b
      defaults:
        who: {{ grains.id }}
site: {ports: [8080], tls: {on: yes, cert: x}}
from: env
seen: {{ pillar.site.name }} {{ salt['pillar.get']('from') }}
