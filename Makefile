# The commands of this repository. They install what is missing (Debian or Ubuntu, root or sudo).
SHELL := /bin/bash
MACHINE := $(shell uname -m)
PROGRAM := target/$(MACHINE)-unknown-linux-gnu/release/provision
# Throw-away hosts need root.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo env "PATH=$(PATH)" "HOME=$(HOME)")

.PHONY: help build demo test check compat-record bench clean

help:
	@echo "make demo    boot a throw-away host, provision it, deploy the example application and show its page"
	@echo "make build   build the static program: $(PROGRAM)"
	@echo "make test    all tests, on real throw-away hosts too"
	@echo "make check   format, lints, licences"
	@echo "make bench   the benchmarks"
	@echo "make compat-record   record anew what Salt makes of the trees in tests/compat"

build:
	@sh tests/tools.sh
	cargo build --release --locked

demo: build
	@$(AS_ROOT) bash tests/demo.sh $(PROGRAM)

test:
	@sh tests/tools.sh test
	$(AS_ROOT) cargo test --locked --no-fail-fast

check:
	@sh tests/tools.sh
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check licenses bans sources

# Asks Salt itself, in a virtualenv, what the trees, templates and documents in tests/compat come to.
compat-record:
	@sh tests/tools.sh
	python3 -m venv target/salt
	target/salt/bin/pip install --quiet salt==3008.2
	target/salt/bin/python tests/compat/low/record.py
	target/salt/bin/python tests/compat/templates/record.py
	target/salt/bin/python tests/compat/yaml/record.py

bench: build
	@sh tests/tools.sh test
	cargo build --release --locked --example floor --example measure
	$(AS_ROOT) bash tests/bench/run.sh $(PROGRAM)

clean:
	cargo clean
