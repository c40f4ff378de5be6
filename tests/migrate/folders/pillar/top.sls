base:
  '*': [web]
