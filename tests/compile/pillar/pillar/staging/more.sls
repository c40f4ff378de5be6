from: more
more: 0644
