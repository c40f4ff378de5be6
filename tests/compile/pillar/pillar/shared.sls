who: {{ who }}
