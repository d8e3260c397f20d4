#!/usr/bin/env bash
# Runs the differential ring: random spans and queries to our server and to the memory store of Jaeger v2.13.
# usage: [CASES=number] [SEED=number] diff.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)

cd "$root"
"$here/build.sh" jaeger
cargo build --profile ci -p jaeger-dynamodb-server
export JAEGER=$root/target/jaeger/jaeger
export SERVER=${SERVER:-$root/target/ci/jaeger-dynamodb-server}
exec cargo test --profile ci -p jaeger-dynamodb-tests --features jaeger-diff --test jaeger_diff -- --nocapture
