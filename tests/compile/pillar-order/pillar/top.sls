base:
  '*': [main]
