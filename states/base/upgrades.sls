# Security updates install themselves every day.
# Pillar: unattended_upgrades:enabled (yes), :reboot (no), :reboot_time ('04:00').
{%- set enabled = site.unattended_upgrades.enabled %}
{%- set reboot = site.unattended_upgrades.reboot %}
unattended-upgrades:
  pkg.installed:
    - install_recommends: False

# A later name than those of the package: what is said last counts.
/etc/apt/apt.conf.d/90provision-upgrades:
  file.managed:
    - mode: '0644'
    - contents: |
        APT::Periodic::Update-Package-Lists "{{ 1 if enabled else 0 }}";
        APT::Periodic::Unattended-Upgrade "{{ 1 if enabled else 0 }}";
        APT::Periodic::AutocleanInterval "7";
        Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";
        Unattended-Upgrade::Automatic-Reboot "{{ 'true' if reboot else 'false' }}";
        Unattended-Upgrade::Automatic-Reboot-Time "{{ site.unattended_upgrades.reboot_time }}";
