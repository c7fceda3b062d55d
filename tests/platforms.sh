#!/usr/bin/env bash
# The platforms of a release that are not this machine's, as far as this machine can tell.
#
#   platforms.sh static     builds the static program for Linux, as it is released; prints its path
#   platforms.sh compiles   clippy for Windows, a check for macOS on arm64
#   platforms.sh wine       tests/cli for Windows, under Wine
#
# The cache is $GLANCEPV_CACHE, else ~/.cache/kubectl-glancepv. What cannot be had here is named on stderr, and the
# exit status is 75.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${GLANCEPV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-glancepv}
work=$cache/platforms
mkdir -p "$work"
windows=x86_64-pc-windows-gnu

lacking() {
  echo "platforms.sh: $* cannot be had here" >&2
  exit 75
}

# need PROGRAM PACKAGE
need() {
  command -v "$1" >/dev/null && return
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"; } >&2 || lacking "$2"
}

# The compiler beside the source of its own standard library, of which any target's can be built.
toolchain() {
  local version mirror keyring lists
  version=$(rustc --version | cut -d' ' -f2)
  local made=$work/rust-$version
  if [ ! -e "$made/lib/rustlib/src/rust/library/Cargo.lock" ]; then
    rm -rf "$made" "$work/source" && mkdir -p "$work/source/lists/partial"
    # A list of its own, so that the machine's package sources stay as they are; from where its packages come.
    apt-get update -qq >&2
    keyring=$(sed -n 's/^Signed-By: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1)
    [ -n "$mirror" ] || lacking "rust-src (no package source of Debian)"
    lists=$work/source/sources.list
    echo "deb [signed-by=$keyring] $mirror trixie-backports main" >"$lists"
    local apt=(apt-get -qq -o APT::Sandbox::User=root -o "Dir::Etc::sourcelist=$lists" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$work/source/lists")
    (cd "$work/source" && "${apt[@]}" update && "${apt[@]}" download "rust-src=$version+*" && dpkg-deb -x rust-src_*.deb .) >&2 ||
      lacking "rust-src $version"
    cp -al "$(rustc --print sysroot)" "$made" 2>/dev/null || cp -a "$(rustc --print sysroot)" "$made"
    mkdir -p "$made/lib/rustlib/src"
    mv "$work/source/usr/src/rustc-$version" "$made/lib/rustlib/src/rust"
    rm -rf "$work/source"
  fi
  # Building a standard library is what only a nightly cargo is asked for.
  export PATH=$made/bin:$PATH RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$work/target
}

# zig, as a C compiler and a linker for every target.
zig() {
  need python3 python3-venv
  if [ ! -x "$work/zig/bin/python" ]; then
    { python3 -m venv "$work/zig" && "$work/zig/bin/pip" --quiet install ziglang==0.16.0; } >&2 || { rm -rf "$work/zig" && lacking zig; }
  fi
  [ -x "$cache/bin/cargo-zigbuild" ] || cargo install --quiet --locked --root "$cache" cargo-zigbuild@0.24.1 >&2 || lacking cargo-zigbuild
  export PATH=$work/zig/bin:$cache/bin:$PATH
}

case ${1:-} in
static)
  zig
  toolchain
  target=$(uname -m)-unknown-linux-musl
  # The compiler's own start files are in no package; zig has them, too.
  RUSTFLAGS="-C link-self-contained=no" cargo-zigbuild zigbuild --quiet --locked --release --bin kubectl-glancepv \
    --target "$target" -Zbuild-std=std,panic_abort >&2
  echo "$CARGO_TARGET_DIR/$target/release/kubectl-glancepv"
  ;;
compiles)
  need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
  zig
  toolchain
  cargo clippy --quiet --locked --lib --bins --target "$windows" -Zbuild-std -- -D warnings
  # Linux on arm64 is tested on each push (ci.yml), and nothing of ours depends on the processor.
  cargo-zigbuild check --quiet --locked --target aarch64-apple-darwin -Zbuild-std
  ;;
wine)
  need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
  need wine wine
  toolchain
  export WINEPREFIX=$work/wine WINEDEBUG=-all RUST_BACKTRACE=0
  # Wine 8 has no bcryptprimitives.dll, of which Rust wants random numbers.
  if [ ! -e "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" ]; then
    wineboot --init >&2
    x86_64-w64-mingw32-gcc -shared -x c - -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" -ladvapi32 <<'END'
#include <stddef.h>
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *to, size_t count) { return SystemFunction036(to, count); }
END
  fi
  export GLANCEPV_BIN=Z:$CARGO_TARGET_DIR/$windows/debug/kubectl-glancepv.exe
  # Whatever depends on the platform. Wine takes half a second to start a program: the rest is left to Windows.
  CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="env CARGO_MANIFEST_DIR=Z:$PWD wine" \
    cargo test --quiet --locked --test cli --target "$windows" -Zbuild-std -- \
    --skip bad_input::names_and_durations bad_input:: check:: completion:: connection:: guide:: procedure:: status:: templates:: windows::
  wine "$GLANCEPV_BIN" --version
  ;;
*)
  sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
  ;;
esac
