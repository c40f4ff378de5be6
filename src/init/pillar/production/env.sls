# The production environment.
domain: www.example.com

# Other names of the site, which are redirected to the domain.
#aliases: [example.com]

hosts: []

branch: @branch@

env:
  SITE_TITLE: @project@
