# The staging environment. Here it is a throw-away host: `provision sandbox`.
domain: staging.example.com

# Addresses of the hosts. With several, give each a name, and roles to share the
# work (no roles: all of them on that host):
#   hosts:
#     web1: {address: 203.0.113.10, user: root, port: 22, roles: [web]}
#     db1: {address: 203.0.113.11, internal: 10.0.0.11, roles: [db-master, cache]}
# Other roles: worker, queue, balancer, db-replica (docs: several hosts).
hosts: []

# The branch or tag that is deployed.
branch: main

# The process environment of the application, besides what secrets.sls adds.
env:
  SITE_TITLE: Example (staging)

# A container shares its kernel's memory settings with its host.
kernel:
  vm: no

# The tests try logins that must be refused, and would shut themselves out.
fail2ban:
  ignoreip: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]
