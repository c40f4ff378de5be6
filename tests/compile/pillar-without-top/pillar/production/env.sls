domain: wrong
