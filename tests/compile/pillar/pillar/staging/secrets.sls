secrets: {KEY: 'very secret', PIN: 123456}
tls: {key: also secret}
