part:
  test.show_notification:
    - text: {{ sls }}|{{ slspath }}|{{ slsdotpath }}|{{ tpldir }}|{{ tpldot }}|{{ tplroot }}|{{ tplfile }}|{{ sls_path }}|{{ slscolonpath }}
