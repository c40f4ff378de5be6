# The people who may log in.
#
# groups: login may use ssh, admin may use sudo; others must be on the hosts, or be
# declared with `groups:` in project.sls. Once somebody listed here is in both and has a
# key, root and passwords are refused by sshd, and a run that would leave no such person
# is refused: put your own key in before. Who is taken off this list loses keys and
# groups with the next run, and an account that provision made is locked, too.
#
# Optional for each: fullname, shell, password (a crypt hash, for sudo and console).
users:
  example-user:
    groups: [admin, login]
    public_key: []
#     - ssh-ed25519 AAAA… someone
