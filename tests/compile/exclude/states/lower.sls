first: test.nop
second: test.nop
