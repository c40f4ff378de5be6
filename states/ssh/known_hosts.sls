# Host keys of the sites that code is fetched from, for every user of the host.
# Pillar: known_hosts (a map of host name to "type key", for others than these).
{%- set known = salt['slsutil.merge']({
  'github.com': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
  'gitlab.com': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf',
  'bitbucket.org': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO',
  'codeberg.org': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIVIC02vnjFyL+I4RHfvIGNtOgJMe769VTF1VR4EB3ZB',
}, site.known_hosts) %}
{%- for host, key in known.items() %}
known-host-{{ host }}:
  ssh_known_hosts.present:
    - name: {{ host }}
    - enc: {{ key.split()[0] }}
    - key: {{ key.split()[1] }}
    - hash_known_hosts: False
{% endfor %}
