# A virtual machine on your own computer, see vagrant/README.md. Its address, port,
# user and key are asked of `vagrant ssh-config`.
domain: @project@.test

branch: @branch@

env:
  SITE_TITLE: @project@ (vagrant)

# `vagrant ssh` goes on working when only developers may log in.
ssh:
  allow_groups: [login, vagrant]
