include: [deeper]
l1: test.nop
