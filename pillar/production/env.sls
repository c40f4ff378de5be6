# The production environment.
domain: www.example.com

# Other names of the site, which are redirected to the domain.
#aliases: [example.com]

hosts:
  web1:
    address: 203.0.113.20

branch: main

env:
  SITE_TITLE: Example
