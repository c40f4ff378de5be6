include: web
own: test.nop
