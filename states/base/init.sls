# What every host has: packages, locale, time zone, kernel settings, upgrades.
include:
  - .packages
  - .locale
  - .timezone
  - .kernel
  - .upgrades
