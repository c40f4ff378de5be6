site: {name: shop, ports: [80, 443], tls: {on: no}}
from: common
