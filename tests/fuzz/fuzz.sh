#!/usr/bin/env bash
# Fuzzes each target for SECONDS (60), with the inputs found before and what the tests have.
#
#   fuzz.sh [SECONDS [TARGET…]]
#
# A stable compiler will do: RUSTC_BOOTSTRAP lets it instrument. A finding's input stays in
# tests/fuzz/artifacts; it becomes a test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(template table overrides complete)
command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
export RUSTC_BOOTSTRAP=1
for target in "${targets[@]}"; do
  found=tests/fuzz/corpus/$target
  mkdir -p "$found"
  seeds=("$found")
  [ "$target" = template ] && seeds+=(tests/templates)
  echo "== $target, $seconds s"
  cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none "$target" "${seeds[@]}" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 2>&1 | grep -E '^(stat::|==|SUMMARY|thread|assertion| *(left|right):)|panicked|Done|error' || true
done
