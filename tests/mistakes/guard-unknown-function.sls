a:
  test.nop:
    - unless:
      - fun: file.file_exist
        path: /x
