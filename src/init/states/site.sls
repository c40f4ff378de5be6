# A state of your own, named by `states` in pillar/project.sls.
#
# The first line is the state's ID, here a path; below it the function, and its
# arguments. Double braces hold Jinja: pillar is what stands in pillar/, grains are the
# facts of the host. Try it:
#
#   provision staging check is everything written right? (asks no host)
#   provision staging plan  what would change?
#   provision staging       change it
/etc/motd:
  file.managed:
    - mode: '0644'
    - contents: |
        {{ pillar.project_name }}, {{ opts.environment }} ({{ pillar.domain }})
        Changed by hand, it is changed back: see the project's states/.

# A state may wait for another (require), or act only when another has changed
# (onchanges, or watch for services):
#
#redis-server:
#  pkg.installed: []
#  service.running:
#    - enable: True
#    - require:
#      - pkg: redis-server
