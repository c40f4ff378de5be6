domain: example.com
