# The system's language and encoding.
# Pillar: locale (en_US.UTF-8).
{%- set locale = pillar.get('locale', 'en_US.UTF-8') %}
locales:
  pkg.installed

generated-locale:
  locale.present:
    - name: {{ locale }}
    - require:
      - pkg: locales

system-locale:
  locale.system:
    - name: {{ locale }}
    - require:
      - locale: generated-locale
