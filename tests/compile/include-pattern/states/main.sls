include:
  - parts.*
own: test.nop
