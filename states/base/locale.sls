# The system's language and encoding.
# Pillar: locale (en_US.UTF-8; C.UTF-8 is there without being generated).
{%- set locale = site.locale %}
locales:
  pkg.installed:
    - install_recommends: False

{% if locale != 'C.UTF-8' %}
generated-locale:
  locale.present:
    - name: {{ locale }}
    - require:
      - pkg: locales
    - require_in:
      - locale: system-locale
{% endif %}
system-locale:
  locale.system:
    - name: {{ locale }}
    - require:
      - pkg: locales
