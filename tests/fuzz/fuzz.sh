#!/usr/bin/env bash
# Fuzzes each target for SECONDS (60), with the inputs found before and what the tests have.
#
#   fuzz.sh [SECONDS [TARGET…]]   ends with 1 where something was found
#
# A stable compiler will do: RUSTC_BOOTSTRAP lets it instrument. A finding's input stays in
# tests/fuzz/artifacts; it becomes a test.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(template table overrides complete)
command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
export RUSTC_BOOTSTRAP=1
found=0
for target in "${targets[@]}"; do
  mkdir -p "tests/fuzz/corpus/$target"
  seeds=("tests/fuzz/corpus/$target")
  [ "$target" = template ] && seeds+=(tests/templates)
  echo "== $target, $seconds s"
  cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none "$target" "${seeds[@]}" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 2>&1 |
    grep -E '^(stat::|Done|SUMMARY|error)|panicked|^assertion|^ *(left|right):' || true
  [ "${PIPESTATUS[0]}" = 0 ] || found=1
done
exit $found
