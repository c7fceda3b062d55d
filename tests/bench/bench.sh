#!/usr/bin/env bash
# Builds the static program of a release and measures it: beside curl and kubectl on the newest control plane, with
# one volume, 2,000 and 20,000, and on the sandbox with up to 100,000.
#
#   bench.sh [ROUNDS]   some ten minutes; writes the figures into docs/speed.md, and docs/curve.svg
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
packages=()
for need in curl jq gnuplot:gnuplot-nox /usr/bin/time:time; do
  command -v "${need%%:*}" >/dev/null || packages+=("${need#*:}")
done
if [ ${#packages[@]} -gt 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}"
fi
cargo build --release --quiet --package glancepv-sandbox
GLANCEPV_BIN=$(tests/platforms.sh static)
export GLANCEPV_BIN
exec tests/cluster/control-plane.sh newest python3 tests/bench/bench.py "$@"
