{% iff x %}{% endif %}
