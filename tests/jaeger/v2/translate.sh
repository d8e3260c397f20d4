#!/usr/bin/env bash
# Translates random spans with our translation and with that of Jaeger v2.13, which v1.76 has too, and compares.
# usage: [CASES=number] [SEED=number] translate.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)

cd "$root"
"$here/build.sh" translate
export TRANSLATOR=$root/target/jaeger/translate
# With the whole workspace, as `make test` builds: for one package features differ, and dependencies are compiled again.
exec cargo test --profile ci --workspace --features jaeger-dynamodb-tests/jaeger-diff --test translation_diff -- --nocapture
