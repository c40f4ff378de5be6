include: [web]
