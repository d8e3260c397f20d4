#!/usr/bin/env bash
# Builds the dependency Lambda as static executables in zips that AWS Lambda takes: x86_64, and arm64.
# usage: [ARCHITECTURES="x86_64 arm64"] build-lambda.sh
# The linker is zig's, by cargo-zigbuild from PyPI, so that nothing of this machine's libc gets in. A target that rustup does
# not have is said; x86_64 must be there.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target_dir=${CARGO_TARGET_DIR:-$root/target}
tools=$target_dir/zigbuild
out=$target_dir/lambda-zips
package=jaeger-dynamodb-dependency-lambda
cargo_zigbuild_version=0.24.0
ziglang_version=0.17.1

install_tools() {
  if [[ -x $tools/bin/cargo-zigbuild ]]; then return; fi
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet "cargo-zigbuild==$cargo_zigbuild_version" "ziglang==$ziglang_version"
}

# zip FILE: the archive, with the one entry `bootstrap` that may be executed
archive() {
  python3 - "$1" "$2" <<'PYTHON'
import sys, zipfile
source, target = sys.argv[1:]
entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
entry.external_attr = 0o100755 << 16
entry.create_system = 3
entry.compress_type = zipfile.ZIP_DEFLATED
with open(source, "rb") as file, zipfile.ZipFile(target, "w", compresslevel=9) as archive:
    archive.writestr(entry, file.read())
PYTHON
}

# A static executable asks for no interpreter and no library.
refuse_dynamic() {
  if readelf --program-headers "$1" | grep -q INTERP || readelf --dynamic "$1" | grep -q NEEDED; then
    echo "$1 is not static:" >&2
    readelf --dynamic "$1" | grep NEEDED >&2 || true
    return 1
  fi
}

build() {
  local architecture=$1 target=$2 executable
  # Where the lock file is not written by us: what is shipped is what was tested.
  (cd "$root" && PATH=$tools/bin:$PATH cargo zigbuild --locked --profile lambda --target "$target" -p $package) || return 1
  executable=$target_dir/$target/lambda/bootstrap
  refuse_dynamic "$executable" || return 1
  mkdir -p "$out"
  archive "$executable" "$out/$package-$architecture.zip"
  printf '%-7s %8d bytes, zip %8d bytes: %s\n' "$architecture" "$(stat -c %s "$executable")" \
    "$(stat -c %s "$out/$package-$architecture.zip")" "$out/$package-$architecture.zip"
}

has_target() {
  (cd "$root" && [[ -d $(rustc --print sysroot)/lib/rustlib/$1/lib ]])
}

status=0
install_tools
for architecture in ${ARCHITECTURES:-x86_64 arm64}; do
  case $architecture in
    x86_64) target=x86_64-unknown-linux-musl ;;
    arm64) target=aarch64-unknown-linux-musl ;;
    *) echo "unknown architecture $architecture" >&2 && exit 2 ;;
  esac
  if has_target $target || (cd "$root" && rustup target add $target >/dev/null 2>&1); then
    build $architecture $target || status=1
  elif [[ $architecture == x86_64 ]]; then
    echo "x86_64: rustup does not have the target $target" >&2
    status=1
  else
    echo "$architecture: skipped, rustup does not have the target $target" >&2
  fi
done
exit $status
