strict: no
