include: [web, db]
m: test.nop
