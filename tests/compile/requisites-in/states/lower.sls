l1: test.nop
l2: test.nop
