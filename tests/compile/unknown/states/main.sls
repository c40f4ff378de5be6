module:
  tset.nop: []
function:
  test.npo: []
strange:
  zebra.crossing: []
salt:
  lvm.vg_present: []
argument:
  test.show_notification:
    - txt: hello
    - requires:
      - test: module
    - zebra: 1
missing:
  test.show_notification: []
twice:
  test.nop:
    - require:
      - test: missing
    - require:
      - test: argument
