include: [one, two, three]
