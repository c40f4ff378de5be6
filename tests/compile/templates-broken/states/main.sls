include: [python, undefined, syntax, result, imported]
a: test.nop
