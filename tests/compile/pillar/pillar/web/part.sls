part: {{ tpldir }}
