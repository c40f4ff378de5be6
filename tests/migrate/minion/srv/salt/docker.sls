web:
  docker_container.running:
    - image: x
foo:
  tool.present: []
  shiny.thing: []
