# Which pillar files a host gets: the project's, and those of the environment
# named on the command line. Files of other environments never leave this machine.
base:
  '*':
    - project
    - devs
    - {{ opts.environment }}.env
    - {{ opts.environment }}.secrets
