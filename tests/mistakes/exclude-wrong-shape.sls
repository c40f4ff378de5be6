exclude: a
