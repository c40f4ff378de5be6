include: [.part]
web: {{ sls }}
