# The people who may log in.
#
# groups: login may use ssh, admin may use sudo. Once somebody listed here is in
# both and has a key, root and passwords are refused by sshd: put your own key in
# before. Who is taken off this list loses keys, groups and shell with the next run.
#
# Optional for each: fullname, shell, password (a crypt hash, for sudo and console).
users:
  example-user:
    groups: [admin, login]
    public_key: []
#     - ssh-ed25519 AAAA… someone
