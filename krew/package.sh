#!/usr/bin/env bash
# Packs release archives and writes the krew manifest for them.
#
#   package.sh BINARIES LICENSES OUT
#
# BINARIES has a folder for each platform, named OS-ARCH as krew's selectors name them (linux-amd64,
# darwin-arm64, windows-amd64…), with the binary in it; LICENSES is the text of `cargo about`. OUT gets, for each, an
# archive with a folder of its name, of the binary, both license files, completions, plugin.yaml, the READMEs and what
# they link, and glancepv.yaml with their SHA-256. The same commit and the same binaries give the same bytes. GLANCEPV_BASE and GLANCEPV_HOMEPAGE are the
# addresses of the archives and of the project; the release workflow knows them.
set -euo pipefail
usage="usage: package.sh BINARIES LICENSES OUT"
binaries=$(cd "${1:?$usage}" && pwd)
licenses=$(realpath -e "${2:?$usage}")
mkdir -p "${3:?$usage}"
out=$(cd "$3" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
base=${GLANCEPV_BASE:-https://example.com/releases/download/v$version}
homepage=${GLANCEPV_HOMEPAGE:-https://example.com}
when=$(git log -1 --format=%ct)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

platforms= archives=()
for folder in "$binaries"/*/; do
  platform=$(basename "$folder")
  os=${platform%%-*} arch=${platform#*-} bin=kubectl-glancepv
  [ "$os" = windows ] && bin=kubectl-glancepv.exe
  [ -f "$folder$bin" ] || { echo "package.sh: $folder has no $bin" >&2 && exit 1; }
  name=kubectl-glancepv-v$version-$platform
  rm -rf "${stage:?}/"* && mkdir "$stage/$name"
  cp -R LICENSE ./*.md docs completions plugin.yaml "$folder$bin" "$stage/$name"
  cp "$licenses" "$stage/$name/LICENSES-OF-CRATES.txt"
  find "$stage" -type d -exec chmod 755 {} + && find "$stage" -type f -exec chmod 644 {} +
  chmod 755 "$stage/$name/$bin" "$stage/$name/completions/kubectl_complete-glancepv"
  find "$stage" -exec touch -h -d "@$when" {} +
  if [ "$os" = windows ]; then
    archive=$name.zip && rm -f "$out/$archive"
    (cd "$stage" && find . -type f | LC_ALL=C sort | TZ=UTC zip -q -X -9 "$out/$archive" -@)
  else
    archive=$name.tar.gz
    (cd "$stage" && find . -type f | LC_ALL=C sort |
      tar --create --format=ustar --owner=0 --group=0 --numeric-owner --no-recursion --files-from=-) | gzip -n -9 >"$out/$archive"
  fi
  archives+=("$archive")
  sum=$(sha256sum "$out/$archive" | cut -d ' ' -f 1)
  platforms+="  - selector: {matchLabels: {os: $os, arch: $arch}}
    uri: $base/$archive
    sha256: $sum
    bin: $name/$bin
"
done
[ -n "$platforms" ] || { echo "package.sh: $binaries has no platform's folder" >&2 && exit 1; }

manifest=$(sed '/^#/d' krew/glancepv.yaml.in)
# Quoted: bash 5.2 takes an & in a replacement for what was matched.
manifest=${manifest//@VERSION@/"$version"}
manifest=${manifest//@HOMEPAGE@/"$homepage"}
manifest=${manifest/@PLATFORMS@/"${platforms%$'\n'}"}
printf '%s\n' "$manifest" >"$out/glancepv.yaml"
(cd "$out" && sha256sum "${archives[@]}" glancepv.yaml >SHA256SUMS)
