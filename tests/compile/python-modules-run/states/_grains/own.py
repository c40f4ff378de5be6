def g():
    return {}
