#!/usr/bin/env bash
# Builds binaries of the Jaeger release that go.mod names into target/jaeger, unless go.sum has not changed since.
# usage: build.sh NAME...   with NAME one of jaeger, all-in-one, e2e.test, remote-storage, translate
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$here/../../../target/jaeger
module=github.com/jaegertracing/jaeger

build() {
  case $1 in
    jaeger | all-in-one | remote-storage) go build -ldflags='-s -w' -o "$out/$1" "$module/cmd/$1" ;;
    e2e.test) go test -c -o "$out/$1" "$module/cmd/jaeger/internal/integration" ;;
    translate) go build -o "$out/$1" ./translate ;;
    *) echo "build.sh: unknown binary '$1'" >&2 && return 2 ;;
  esac
}

mkdir -p "$out"
cd "$here"
for name in "$@"; do
  # Our own source changes too; Go knows when.
  if [[ $name == translate ]]; then build "$name"; continue; fi
  built_with=$out/$name.go.sum
  if [[ -x $out/$name ]] && cmp -s go.sum "$built_with"; then continue; fi
  echo "building $name of Jaeger (minutes when nothing is cached)"
  build "$name"
  cp go.sum "$built_with"
done
