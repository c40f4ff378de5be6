#!/bin/sh
# Installs what building, testing and the demo need and this machine lacks. Debian or Ubuntu, root or sudo.
set -eu

as_root=
if [ "$(id -u)" != 0 ]; then as_root=sudo; fi

missing=
need() { # program, package
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] || missing="$missing $2"
}
need mmdebstrap mmdebstrap
need systemd-nspawn systemd-container
need ip iproute2
need iptables iptables
need ssh openssh-client
need ssh-keygen openssh-client
need rsync rsync
need git git
need curl curl
need python3 python3
need cc gcc
if [ "${1:-}" = test ]; then
    need vagrant vagrant
    need strace strace
    need wrk wrk
fi
if [ -n "$missing" ]; then
    echo "installing:$missing"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
if ! command -v cargo >/dev/null 2>&1; then
    echo "there is no cargo: install Rust 1.90 or later, for example with https://rustup.rs" >&2
    exit 1
fi
