# Kernel settings for a host that serves a site.
# Pillar: kernel:vm (no, where the host cannot set vm.* values; unset, no for containers),
# kernel:sysctl (a map of more, or others).
{%- set settings = salt['slsutil.merge'](
  {'net.core.somaxconn': 1024, 'vm.swappiness': 10},
  site.kernel.sysctl) %}
{%- set vm = site.kernel.vm if site.kernel.vm is not none else grains.virtual != 'container' %}
{%- for name, value in settings.items() if vm or not name.startswith('vm.') %}
{{ name }}:
  sysctl.present:
    - value: {{ value | string | yaml_dquote }}
    - config: /etc/sysctl.d/99-provision.conf
{% endfor %}
{%- if not vm %}
vm-settings-left-alone:
  test.show_notification:
    - text: "vm.* kernel settings are not set: this is a container, or kernel:vm is off in the pillar"
{%- endif %}
