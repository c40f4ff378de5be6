#!/usr/bin/env bash
# run.sh PROGRAM: measures the program on throw-away hosts, each figure against a peer in the same run, and
# prints one table. `measure` and `floor` stand in examples/ beside the program (make bench builds them).
# PARTS="local site language fleet" chooses what is measured, RUNS how often (an odd number).
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "$1")
tools=$(dirname "$program")/examples
parts=${PARTS:-language local site fleet}
runs=${RUNS:-15}

work=$(mktemp -d)
hosts=()
finish() {
    for host in "${hosts[@]}"; do "$program" sandbox down "$host" >/dev/null 2>&1 || true; done
    rm -rf "$work"
}
trap finish EXIT
say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }

boot() { # NAME
    hosts+=("$1")
    "$program" sandbox up "$1" --json >"$work/$1.json" 2>>"$work/log"
    "$program" sandbox ssh-config "$1" | grep -v '^ *User ' >"$work/$1.ssh"
}
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/$1.json" "$2"; }
as() { # USER HOST COMMAND…: by ssh, with a connection of its own
    local user=$1 host=$2
    shift 2
    ssh -F "$work/$host.ssh" -i "$work/key" -l "$user" -o ControlMaster=no -o ControlPath=none "$host" "$@"
}

# --- the table
rows=()
row() { # WHAT MEASURED UNIT PEER PEER-NAME AIM: an aim is a limit in the same unit, or a multiple as in 2x
    local line
    line=$(python3 - "$@" <<'END'
import sys
what, measured, unit, peer, name, aim = sys.argv[1:]
measured = float(measured)
show = lambda value: f"{value:.0f}" if unit in ("processes", "kB") or value >= 100 else f"{value:.1f}"
ratio = measured / float(peer) if peer else None
if not aim:
    met = ""
elif aim.endswith("x"):
    met = "yes" if ratio <= float(aim[:-1]) else "NO"
else:
    met = "yes" if measured <= float(aim) else "NO"
limit = f"{float(aim[:-1]):g} x" if aim.endswith("x") else f"{show(float(aim))} {unit}" if aim else ""
print("\t".join([what, f"{show(measured)} {unit}", f"{show(float(peer))} {unit} {name}" if peer else "",
                 f"{ratio:.{2 if ratio >= 0.1 else 4}f}" if ratio else "", limit, met]))
END
    )
    rows+=("$line")
    say "$line"
}
table() {
    {
        printf 'what\tmeasured\tagainst\tratio\taim\tmet\n'
        printf '%s\n' "${rows[@]}"
    } | python3 -c '
import sys
rows = [line.rstrip("\n").split("\t") for line in sys.stdin]
widths = [max(len(row[at]) for row in rows) for at in range(6)]
for row in rows:
    print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
'
}

# --- on a host, nothing to change
on_host() { "$program" sandbox ssh bench-local "$@" </dev/null; }

measure_local() {
    say "on a host: bare trees with nothing to change"
    boot bench-local
    for file in "$program" "$tools/floor" "$tools/measure"; do
        "$program" sandbox ssh bench-local "cat >/root/$(basename "$file") && chmod 0755 /root/$(basename "$file")" <"$file"
    done
    on_host 'apt-get update -qq && apt-get install -y -qq --no-install-recommends strace >/dev/null 2>&1'

    local workload states floor mine guards traced limit
    for workload in empty W1 W2 W3; do
        local tree=/root/$workload target=/srv/$workload
        local apply="/root/provision --local --file-root $tree/states --pillar-root $tree/pillar"
        states=$(on_host /root/measure tree $workload $tree $target)
        on_host "$apply" >"$work/first" 2>&1 || { cat "$work/first" >&2; return 1; }
        on_host "$apply --json" >"$work/second"
        python3 - "$work/second" "$states" <<'END'
import json, sys
summary = [json.loads(line) for line in open(sys.argv[1])][-1]["summary"]
settled = summary["unchanged"] + summary["skipped"]
if settled != int(sys.argv[2]) or summary["changed"] or summary["failed"]:
    sys.exit(f"{sys.argv[2]} states, and a second run says {summary}")
END
        readarray -t times < <(on_host /root/measure times "$runs" -- /root/floor $workload $tree $target \
            -- $apply -- /root/floor $workload $tree $target guards)
        [ "${#times[@]}" = 3 ] || return 1
        floor=${times[0]} mine=${times[1]} guards=${times[2]}
        case $workload in
        empty) row "empty run" "$mine" ms "$floor" "a process" 2 ;;
        W1) row "W1: 100 files" "$mine" ms "$floor" floor 5 ;;
        W2) row "W2: 1,000 files" "$mine" ms "$floor" floor 2x ;;
        W3)
            # Three times the floor, and what the guards cost by themselves.
            limit=$(python3 -c "print(3 * $floor + max($guards - $floor, 0))")
            row "W3: a host with everything, 10 guards" "$mine" ms "$guards" "floor with guards" "$limit"
            ;;
        esac
        on_host "strace -f -qq -e trace=execve,execveat -o /root/trace $apply >/dev/null"
        # The first is the program itself.
        traced=$(($(on_host "grep -c ' = 0\$' /root/trace") - 1))
        case $workload in
        W1 | W2) row "$workload: programs started" "$traced" processes "" "" 0 ;;
        W3) row "W3: programs started" "$traced" processes 10 "guards" 10 ;;
        esac
        case $workload in
        W2 | W3)
            row "$workload: peak memory" "$(on_host /root/measure memory -- $apply)" kB \
                "$(on_host /root/measure memory -- /root/floor $workload $tree $target)" floor 12288
            ;;
        esac
    done

    # The old folder is moved away: on ext4, creating after deleting is what would be measured.
    local tree=/root/W2 target=/srv/W2
    local away="mkdir -p /srv/old; [ ! -e $target ] || mv $target /srv/old/\$\$; exec"
    readarray -t times < <(on_host /root/measure times 5 \
        -- sh -c "'$away /root/floor W2 $tree $target write'" \
        -- sh -c "'$away /root/provision --local --file-root $tree/states --pillar-root $tree/pillar'")
    row "W2: first run" "${times[1]}" ms "${times[0]}" "floor" 150
}

# --- the compiler alone, on this machine, against Salt's
measure_language() {
    say "compiling trees of state files"
    local salt=target/salt/bin/salt-call tree=$work/trees
    [ -x $salt ] || { python3 -m venv target/salt && target/salt/bin/pip install --quiet salt==3008.2; }
    mkdir -p "$work/salt"
    printf 'root_dir: %s\nfile_client: local\nid: bench\n' "$work/salt" >"$work/salt/minion"
    local kind count
    for kind in many-100 many-1000 many-5000 many-10000 chain-5000 patterns-5000; do
        "$tools/measure" language "${kind%-*}" "${kind#*-}" "$tree/$kind"
    done
    low() { echo "$program show low --file-root $tree/$1/states --pillar-root $tree/$1/pillar --id bench --json"; }
    readarray -t times < <("$tools/measure" times "$runs" -- $(low many-100) -- $(low many-1000) \
        -- $(low many-5000) -- $(low many-10000) -- $(low chain-5000) -- $(low patterns-5000))
    [ "${#times[@]}" = 6 ] || return 1
    local theirs
    theirs=$("$tools/measure" times 1 -- "$salt" -c "$work/salt" --local --file-root="$tree/many-5000/states" \
        --pillar-root="$tree/many-5000/pillar" --out=json state.show_lowstate)
    row "compile 100 states in 20 files" "${times[0]}" ms "" "" ""
    row "compile 1,000 states in 200 files" "${times[1]}" ms "" "" ""
    row "compile 5,000 states in 1,000 files" "${times[2]}" ms "" "" 100
    row "the same against Salt: 1/100" "${times[2]}" ms "$theirs" "salt-call" 0.01x
    row "compile 10,000 states in 2,000 files" "${times[3]}" ms "${times[2]}" "half as many" 2.5x
    row "compile a chain of 5,000" "${times[4]}" ms "${times[2]}" "no chain" 2x
    row "compile 5,000 patterns" "${times[5]}" ms "${times[2]}" "no patterns" 2x
}

# --- the whole stack
project() {
    mkdir -p "$work/project/tests"
    cp -r pillar secrets.example "$work/project/"
    cp -r tests/example-app "$work/project/tests/"
    ssh-keygen -q -t ed25519 -N '' -C bench -f "$work/key"
    db_password=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
    secret_key=$(head -c 36 /dev/urandom | base64 | tr '+/' '-_')
    printf 'secrets:\n  DB_PASSWORD: %s\n  SECRET_KEY: %s\n' "$db_password" "$secret_key" \
        >"$work/project/pillar/staging/secrets.sls"
    printf 'users:\n  ada:\n    groups: [admin, login]\n    public_key:\n      - %s\n' "$(cat "$work/key.pub")" \
        >"$work/project/pillar/devs.sls"
}
by_hand() { # HOST
    {
        printf '%s=%q\n' DB_PASSWORD "$db_password" SECRET_KEY "$secret_key" PUBLIC_KEY "$(cat "$work/key.pub")"
        cat tests/bench/by_hand.sh
    } | "$program" sandbox ssh "$1" bash -s >"$work/$1.log" 2>&1 || { tail -20 "$work/$1.log" >&2; return 1; }
}
provision() { # USER HOST ARGUMENT…
    local user=$1 host=$2
    shift 2
    "$program" --project "$work/project" -F "$work/$host.ssh" -i "$work/key" -H "$host" -u "$user" staging "$@" \
        >"$work/$host.log" 2>&1 || { tail -40 "$work/$host.log" >&2; return 1; }
}
provision_first() { # HOST: root's first contact, with the throw-away host's own key
    "$program" --project "$work/project" -F "$work/$1.ssh" -H "$1" -u root staging \
        >"$work/$1.log" 2>&1 || { tail -40 "$work/$1.log" >&2; return 1; }
}
seconds() { # COMMAND…: how long it takes
    local start=$EPOCHREALTIME
    "$@" >&2
    python3 -c "print(round($EPOCHREALTIME - $start, 2))"
}
stages() { # LOG: how long a switch took until the site answered, in ms
    python3 - "$1" <<'END'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
print(round(1000 * sum(event["duration"] for event in events if event.get("id") in ("switch", "renew", "health"))))
END
}
packages() { as ada "$1" "dpkg-query -W -f '\${Package}\n'" | sort; }

measure_site() {
    project
    say "a whole first run: filling the package cache"
    boot bench-warm
    by_hand bench-warm
    "$program" sandbox down bench-warm >/dev/null
    local hand=() mine=() turn
    for turn in 1 2; do
        say "a whole first run, $turn of 2"
        boot bench-hand
        hand+=("$(seconds by_hand bench-hand)")
        [ "$turn" = 2 ] || "$program" sandbox down bench-hand >/dev/null
        boot bench-site
        if [ "$turn" = 2 ]; then
            coproc WATCH { exec "$tools/measure" watch provision "$(field bench-site pid)" >"$work/peak"; }
            local watcher=$WATCH_PID
        fi
        mine+=("$(seconds provision_first bench-site)")
        say "by hand ${hand[-1]} s, provision ${mine[-1]} s"
        [ "$turn" = 2 ] || "$program" sandbox down bench-site >/dev/null
    done
    better() { printf '%s\n' "$@" | sort -n | head -1; }
    row "whole first run" "$(better "${mine[@]}")" s "$(better "${hand[@]}")" "by hand" 1.15x
    if ! diff <(packages bench-hand) <(packages bench-site) >"$work/packages"; then
        echo "the two hosts differ in packages (< by hand, > provision):" >&2
        cat "$work/packages" >&2
    fi

    say "the whole stack again, over ssh"
    provision ada bench-site deploy
    provision ada bench-site
    readarray -t times < <("$tools/measure" times "$runs" \
        -- ssh -F "$work/bench-site.ssh" -i "$work/key" -l ada -o ControlMaster=no -o ControlPath=none bench-site true \
        -- "$program" --project "$work/project" -F "$work/bench-site.ssh" -i "$work/key" -H bench-site -u ada staging)
    row "whole stack, nothing to change, over ssh" "${times[1]}" ms "${times[0]}" "ssh HOST true" 2.5x
    eval "exec ${WATCH[1]}>&-"
    wait "$watcher" || true
    row "whole stack: peak memory on the host" "$(cat "$work/peak")" kB "" "" 12288

    printf '# another release\n' >>"$work/project/tests/example-app/example/views.py"
    row "a deploy with the same requirements" "$(seconds provision ada bench-site deploy)" s "" "" 5
    provision ada bench-site --json rollback
    row "a rollback, from the switch to the site's answer" "$(stages "$work/bench-site.log")" ms "" "" 2000
}

# --- many hosts at once, against one
measure_fleet() {
    say "twenty light hosts"
    local tree=$work/fleet name
    mkdir -p "$tree/pillar/staging" "$tree/states"
    printf 'base:\n  "*": [project, staging.env]\n' >"$tree/pillar/top.sls"
    printf 'project_name: bench\n' >"$tree/pillar/project.sls"
    printf 'base:\n  "*": [files]\n' >"$tree/states/top.sls"
    cat >"$tree/states/files.sls" <<'END'
{% for number in range(100) %}
/srv/{{ number }}:
  file.managed:
    - contents: {{ grains.id }} {{ number }}
{% endfor %}
END
    printf 'domain: bench.example\nhosts:\n' >"$tree/pillar/staging/env.sls"
    for name in $(seq -w 21); do
        boot "bench-f$name"
        cat "$work/bench-f$name.ssh" >>"$work/fleet.ssh"
        printf '  h%s: {address: bench-f%s, user: root}\n' "$name" "$name" >>"$tree/pillar/staging/env.sls"
    done
    local run="$program --project $tree -F $work/fleet.ssh staging" most
    most=$(seq -w 2 21 | sed 's/^/h/' | paste -sd,)
    local first=() kept=()
    first+=("$(seconds $run --limit h01 2>"$work/log")")
    first+=("$(seconds $run --limit "$most" 2>"$work/log")")
    readarray -t kept < <("$tools/measure" times 5 -- $run --limit h01 -- $run --limit "$most")
    row "20 hosts, first run of 100 files each" "${first[1]}" s "${first[0]}" "one host" 6x
    row "20 hosts, nothing to change" "${kept[1]}" ms "${kept[0]}" "one host" 6x
    row "20 hosts: memory of this side" "$("$tools/measure" memory -- $run --limit "$most")" kB \
        "$("$tools/measure" memory -- $run --limit h01)" "one host" 102400
}

row "the program" "$(python3 -c "import os; print(os.path.getsize('$program') / 1e6)")" MB "" "" 8
for part in $parts; do "measure_$part"; done
echo
table
