first: 0
