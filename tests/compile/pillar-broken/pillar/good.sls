include: good2
good: yes
