secrets: {KEY: abcd}
site: {name: x}
