# ufw lets in ssh, the site on hosts with the role web (behind a balancer only the
# balancer) and on balancers, what the pillar adds, and the project's other hosts to
# database, cache and queue; everything else is refused.
# Pillar: firewall:enabled (yes), firewall:allow (maps of port, proto, from, comment).
{%- from 'project.jinja' import queue, roles, peers with context %}
{%- if site.firewall.enabled %}

{#- The port that sshd has now, and the one it shall have. -#}
{%- set port_now = grains.get('ssh_port', 22) %}
{%- set rules = namespace(all=[]) %}
{%- for port in [port_now, site.ssh.port or port_now] | unique %}
  {%- set rules.all = rules.all + [{'port': port, 'comment': 'ssh'}] %}
{%- endfor %}
{%- if 'balancer' in roles or ('web' in roles and not peers.balancers) %}
  {%- set rules.all = rules.all + [{'port': 80, 'comment': 'http'}, {'port': 443, 'comment': 'https'}] %}
{%- elif 'web' in roles %}
  {%- for address in peers.balancers %}
    {%- set rules.all = rules.all + [{'port': 80, 'from': address, 'comment': 'http'}, {'port': 443, 'from': address, 'comment': 'https'}] %}
  {%- endfor %}
{%- endif %}
{%- if 'db-master' in roles or 'db-replica' in roles %}
  {%- for address in ((peers.apps if 'db-replica' in roles else peers.db_clients) + peers.replicas) | unique %}
    {%- set rules.all = rules.all + [{'port': 5432, 'from': address, 'comment': 'postgres'}] %}
  {%- endfor %}
{%- endif %}
{%- if 'cache' in roles %}
  {%- for address in peers.cache_clients %}
    {%- set rules.all = rules.all + [{'port': 11211, 'from': address, 'comment': 'memcached'}] %}
  {%- endfor %}
{%- endif %}
{%- if 'queue' in roles %}
  {%- for address in peers.queue_clients %}
    {%- set rules.all = rules.all + [{'port': 5672 if queue == 'rabbitmq' else 6379, 'from': address, 'comment': queue}] %}
  {%- endfor %}
{%- endif %}
ufw:
  pkg.installed:
    - install_recommends: False

firewall-incoming:
  ufw.default:
    - name: incoming
    - policy: deny
    - require:
      - pkg: ufw

firewall-outgoing:
  ufw.default:
    - name: outgoing
    - policy: allow
    - require:
      - pkg: ufw
{% for rule in rules.all + site.firewall.allow %}
allow-{{ rule.port }}-{{ rule.get('proto') or 'tcp' }}-from-{{ rule.get('from') or 'any' }}:
  ufw.allow:
    - port: {{ rule.port }}
    - proto: {{ rule.get('proto') or 'tcp' }}
{%- if rule.get('from') %}
    - from: {{ rule.from }}
{%- endif %}
{%- if rule.get('comment') %}
    - comment: {{ rule.comment | yaml_dquote }}
{%- endif %}
    - require:
      - pkg: ufw
    - require_in:
      - ufw: firewall-on
{% endfor %}
{#- What these states once opened to a host that has gone, or has no need of it now: told
    from the rules of others by its comment, which ufw keeps in hexadecimal. -#}
{%- set ours = {'68747470': 'http', '6874747073': 'https', '706f737467726573': 'postgres',
                '6d656d636163686564': 'memcached', '7265646973': 'redis', '7261626269746d71': 'rabbitmq'} %}
{%- set wanted = namespace(all=[]) %}
{%- for rule in rules.all %}
  {%- set wanted.all = wanted.all + [rule.port ~ ' ' ~ (rule.get('from') or 'any')] %}
{%- endfor %}
{%- for file in ['/etc/ufw/user.rules', '/etc/ufw/user6.rules'] if salt['file.file_exists'](file) %}
  {%- for line in salt['file.read'](file).splitlines() if line.startswith('### tuple ### allow tcp ') %}
    {%- set words = line.split() %}
    {%- set from = 'any' if words[8] in ['0.0.0.0/0', '::/0'] else words[8] %}
    {%- set comment = (line.split('comment=') | last).split() | first if 'comment=' in line else '' %}
    {%- if comment in ours and words[5] ~ ' ' ~ from not in wanted.all and not (from == 'any' and file.endswith('6.rules')) %}
no-more-{{ words[5] }}-from-{{ from }}:
  ufw.delete:
    - port: {{ words[5] }}
    - proto: tcp
    - action: allow
{%- if from != 'any' %}
    - from: {{ from }}
{%- endif %}
    - require:
      - pkg: ufw
    - require_in:
      - ufw: firewall-on
{% endif %}
  {%- endfor %}
{%- endfor %}
firewall-on:
  ufw.enabled:
    - require:
      - ufw: firewall-incoming
      - ufw: firewall-outgoing
{%- else %}
firewall-left-alone:
  test.show_notification:
    - text: "the firewall is not set up: firewall:enabled is off in the pillar"
{%- endif %}
