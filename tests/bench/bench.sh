#!/usr/bin/env bash
# Builds the release and measures it (bench.py) on the newest control plane.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cargo build --release --quiet
exec tests/cluster/control-plane.sh newest python3 tests/bench/bench.py "$@"
