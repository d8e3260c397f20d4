# The commands of this project. `make ci` is what CI runs; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

CARGO := cargo
# Tests, counts and the binaries under test: optimised dependencies, no debug info.
PROFILE := --profile ci
SERVER := target/ci/jaeger-dynamodb-server
PLUGIN := target/ci/jaeger-dynamodb-plugin

.PHONY: help
help: ## Lists the targets.
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

.PHONY: test
test: ## All tests that need nothing but Rust: units, laws, conformance, real gRPC, doc-tests.
	$(CARGO) test --workspace --all-targets $(PROFILE)
	$(CARGO) test --workspace --doc $(PROFILE)

.PHONY: fmt lint docs arrows
fmt: ## Formatting is as rustfmt.toml says.
	$(CARGO) fmt --all --check
lint: ## No warning of rustc or clippy.
	$(CARGO) clippy --workspace --all-targets --features jaeger-dynamodb-tests/jaeger-diff,jaeger-dynamodb-tests/reliability $(PROFILE) -- -D warnings
docs: ## The documentation builds without a warning.
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps $(PROFILE)
arrows: ## Crates depend on each other only as docs/adr says.
	tests/crate-arrows.sh

.PHONY: examples
examples: ## The examples of the README run.
# Built with the workspace: alone it would have other features, and its dependencies be compiled again.
	$(CARGO) build --workspace --bins $(PROFILE)
	target/ci/jaeger-dynamodb-example-embed

.PHONY: protos protos-current
protos: ## Writes the code of crates/proto and crates/go-plugin again from proto/.
	UPDATE_PROTOS=1 $(CARGO) test $(PROFILE) --workspace --test protos_regenerated
protos-current: ## Holds proto/ against what Jaeger and OpenTelemetry publish (needs Go).
	cd tests/protos-current && go vet . && go test -count=1 . && go run .

.PHONY: go-plugin server jaeger-plugin jaeger-plugin-v157 jaeger-v1 jaeger-v2 jaeger-diff translation
go-plugin: server ## The example plugin of crates/go-plugin under go-plugin's own host, v1.8 and v1.6 (needs Go).
	cd tests/go-plugin-host && go vet . && go test -count=1 . && GOFLAGS=-modfile=v1.6.0.mod go test -count=1 .
server:
	$(CARGO) build --workspace --bins $(PROFILE)
jaeger-v1: server ## The storage tests of the real Jaeger v1.57; v1.76 or v1.57 side by side with v2.13 on one server; who called whom (needs Go).
	SERVER=$(SERVER) tests/jaeger/v1/run.sh
jaeger-plugin: server ## The sidecar under the real Jaeger v1.57 and v1.43: their storage tests, processes, deaths, who called whom (needs Go).
	PLUGIN=$(PLUGIN) tests/jaeger/plugin/run.sh
jaeger-plugin-v157: server # What of it CI runs: v1.43 takes another download of all of Jaeger.
	PLUGIN=$(PLUGIN) tests/jaeger/plugin/run.sh v1.57 process
jaeger-v2: server ## The end-to-end battery of the real Jaeger v2.13, with one server and two, whatever the job does (needs Go, Python).
	SERVER=$(SERVER) tests/jaeger/v2/run.sh
	SERVER=$(SERVER) tests/jaeger/v2/run.sh --job off
	SERVER=$(SERVER) tests/jaeger/v2/run.sh --window 1s --window-grace 1s
	DERIVED=1 SERVER=$(SERVER) tests/jaeger/v2/run.sh --window 1s --window-grace 1s
	SERVERS=2 SERVER=$(SERVER) tests/jaeger/v2/run.sh
	SERVERS=2 DERIVED=1 SERVER=$(SERVER) tests/jaeger/v2/run.sh --window 1s --window-grace 1s --settle 1s
	SERVERS=2 REPLACED=1 SERVER=$(SERVER) tests/jaeger/v2/run.sh --window 1s --window-grace 1s --settle 1s
jaeger-diff: server ## Random spans and queries to us and to Jaeger's own memory store, whatever the job does (needs Go).
	SEED=$${SEED:-1} tests/jaeger/v2/diff.sh
translation: ## Random spans translated by us and by Jaeger's own Go packages (needs Go).
	SEED=$${SEED:-1} tests/jaeger/v2/translate.sh

.PHONY: faults
faults: ## A DynamoDB that goes wrong as FAULTS= says, such as FAULTS="--throttle 30 --delay 500ms"; prints how to use it.
	$(CARGO) run $(PROFILE) -p jaeger-dynamodb-faults -- $(FAULTS)

.PHONY: lambda serverless-e2e
lambda: ## The dependency Lambda as static zips for x86_64 and arm64 (needs Python, rustup's musl targets).
	tests/serverless/build-lambda.sh
serverless-e2e: server ## Lambda and workers end to end on an emulator of AWS, with the zip that lambda builds (needs Python, rustup's musl target; not in CI).
	ARCHITECTURES=x86_64 tests/serverless/build-lambda.sh
	SERVER=$(CURDIR)/$(SERVER) LOADGEN=$(CURDIR)/target/ci/jaeger-dynamodb-loadgen ADMIN=$(CURDIR)/target/ci/jaeger-dynamodb \
	  ZIP=$(CURDIR)/target/lambda-zips/jaeger-dynamodb-dependency-lambda-x86_64.zip tests/serverless/run.sh

.PHONY: bench bench-memory bench-build
# Spans in the window that bench-memory derives.
SPANS ?= 6000000
# One build for all of them, of the whole workspace, so that nothing is compiled twice with other features.
BENCH := --release --workspace
bench-build:
	$(CARGO) build $(BENCH) --bins --test store --test serverless --bench write_cpu --bench job --bench server
bench: bench-build ## Prints figures: units and bytes, CPU a span, what the server takes (4 minutes after building).
	$(CARGO) test $(BENCH) --test store figures -- --nocapture --test-threads 1
	$(CARGO) test $(BENCH) --test serverless figures -- --ignored --nocapture
	$(CARGO) bench --workspace --bench write_cpu
	$(CARGO) bench --workspace --bench job
	$(CARGO) bench --workspace --bench server
bench-memory: bench-build ## Prints what deriving one window of SPANS=6000000 takes in memory (4 minutes after building).
	$(CARGO) bench --workspace --bench job -- memory $(SPANS)

.PHONY: fuzz
# Seconds for each target, and the only target to run, if it is to be one.
TIME ?= 60
TARGET ?=
fuzz: ## Feeds every decoder what a fuzzer thinks of: TIME=600 [TARGET=pack] (needs cargo-fuzz; builds for 10 minutes).
	tests/fuzz/run.sh $(TIME) $(TARGET)

.PHONY: reliability
LONG ?=
reliability: server ## The server killed, suspended, replaced, overloaded, on an engine that fails: SEED=, LONG=1 (9 minutes; 13 if long).
	SERVER=$(SERVER) LONG=$(LONG) $(CARGO) test --workspace $(PROFILE) --features jaeger-dynamodb-tests/reliability --test reliability -- --nocapture --test-threads 1
	SERVER=$(SERVER) $(CARGO) test --workspace $(PROFILE) --features jaeger-dynamodb-tests/reliability --test bad_input -- --nocapture --test-threads 4

.PHONY: sim
SEEDS ?= 2000
SEED ?= 1
sim: ## The simulation under SEEDS=2000 seeds from SEED=1 on; STEPS=50 ends each early, LOG=1 shows what happens.
	SEEDS=$(SEEDS) SEED=$(SEED) $(CARGO) test --workspace $(PROFILE) --test simulation whatever_happens -- --nocapture

.PHONY: deny msrv
deny: ## Licences, sources and duplicates of dependencies (needs cargo-deny).
	cargo deny check bans licenses sources
msrv: ## Everything compiles with the oldest compiler that Cargo.toml promises (needs it from rustup).
	cargo +$$(sed -n 's/^rust-version = "\(.*\)".*/\1/p' Cargo.toml) check --workspace --all-targets --locked

.PHONY: ci
ci: fmt lint docs arrows test examples reliability protos-current go-plugin translation jaeger-v1 jaeger-plugin-v157 jaeger-v2 jaeger-diff ## What CI runs.
