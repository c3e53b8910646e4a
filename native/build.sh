#!/bin/bash
# Builds the addon to native/odradek.node. Does nothing when it is newer than every source. Needs cargo and node_modules;
# after `cargo fetch` no network.
set -eu -o pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here"
if [ -f odradek.node ] && [ -z "$(find . -path ./target -prune -o \( -name '*.rs' -o -name 'Cargo.*' -o -name build.sh \) -newer odradek.node -print -quit)" ]; then
  exit 0
fi
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! ../node_modules/.bin/node ../node_modules/.bin/napi build --release --no-js --dts target/odradek.d.ts -- --locked >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
touch odradek.node
