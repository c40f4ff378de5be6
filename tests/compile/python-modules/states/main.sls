a:
  foo.present: []
b:
  fooo.present: []
