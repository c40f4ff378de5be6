# The staging environment.
domain: staging.example.com

# Addresses of the hosts; `provision -H HOST` takes others for one run. With several,
# give each a name, and roles to share the work (no roles: all of them on that host):
#   hosts:
#     web1: {address: 203.0.113.10, user: root, port: 22, roles: [web]}
#     db1: {address: 203.0.113.11, internal: 10.0.0.11, roles: [db-master, cache]}
# Other roles: worker, queue, balancer.
hosts: []

# The branch or tag that is deployed where `repo` is a git URL.
branch: @branch@

# The process environment of the application, besides what secrets.sls adds.
env:
  SITE_TITLE: @project@ (staging)

# A throw-away host (`provision sandbox`) shares its kernel's memory settings with
# your machine and cannot set them.
#kernel:
#  vm: no
