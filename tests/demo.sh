#!/usr/bin/env bash
# From nothing to a site: a throw-away host, provisioned over ssh, with the example application on it.
set -euo pipefail
cd "$(dirname "$0")/.."
provision=$1
name=demo
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

secrets=pillar/staging/secrets.sls
if [ ! -e "$secrets" ]; then
    say "Making up secrets for staging in $secrets (git ignores it)"
    (
        umask 077
        printf 'secrets:\n  DB_PASSWORD: %s\n  SECRET_KEY: %s\n' \
            "$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')" "$(head -c 36 /dev/urandom | base64 | tr '+/' '-_')" >"$secrets"
    )
fi

say "Booting a bare host"
"$provision" sandbox down "$name" >/dev/null 2>&1 || true
"$provision" sandbox up "$name"
config=$(mktemp)
trap 'rm -f "$config"' EXIT
"$provision" sandbox ssh-config "$name" >"$config"
address=$(awk '$1 == "HostName" { print $2 }' "$config")

say "provision -H $name -u root staging"
"$provision" -F "$config" -H "$name" -u root staging
say "Again: nothing to do"
"$provision" -F "$config" -H "$name" -u root staging
say "provision -H $name -u root staging deploy"
"$provision" -F "$config" -H "$name" -u root staging deploy

say "The page, through Nginx over HTTPS"
page=$(curl --silent --show-error --fail --insecure --resolve "staging.example.com:443:$address" https://staging.example.com/)
printf '%s\n' "$page" | sed -n 's/<[^>]*>//g; s/^ *//; /./p'

say "Look around"
cat <<END
  $provision sandbox ssh $name                       a shell on the host
  curl --insecure --resolve staging.example.com:443:$address https://staging.example.com/
  $provision sandbox ssh-config $name > target/$name.ssh
  $provision -F target/$name.ssh -H $name -u root staging plan
Clean up
  $provision sandbox down $name
END
