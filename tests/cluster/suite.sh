#!/usr/bin/env bash
# The scenarios of tests/cli on a real control plane.
#
#   suite.sh newest|1.20   on one of our own, brought up and taken down (control-plane.sh)
#   suite.sh outages       what breaks and loads the newest one, one test at a time
#   suite.sh KUBECONFIG    on the cluster of that file: test namespaces, claims and volumes are
#                          made there, and namespaces and classes stay. kubectl and helm must be on
#                          PATH; what needs a user with few rights is left to our own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
case ${1:?usage: suite.sh newest|1.20|outages|KUBECONFIG} in
outages)
  cargo test --quiet --test cli --no-run
  exec "$here/control-plane.sh" newest bash -c 'GLANCEPV_TEST_CLUSTER=$KUBECONFIG exec cargo test --quiet --test cli -- \
    --ignored --nocapture --test-threads=1 files:: outages:: load::'
  ;;
newest | 1.20)
  cargo test --quiet --test cli --no-run
  PATH=$("$here/build.sh" helm):$PATH
  GLANCEPV_HELM4=$("$here/build.sh" helm4)
  export GLANCEPV_HELM4
  if [ "$1" = newest ]; then
    shells=()
    for shell in bash-completion zsh fish elvish; do
      # A package that was only heard of is shown, too.
      [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$shell" 2>/dev/null)" = installed ] || shells+=("$shell")
    done
    if [ ${#shells[@]} -gt 0 ]; then
      { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${shells[@]}"; } >&2
    fi
    GLANCEPV_KUBECTLS=$("$here/build.sh" kubectl-1.27):$("$here/build.sh" newest):$("$here/build.sh" kubectl-1.37)
    GLANCEPV_CSI=$("$here/build.sh" csi)
    GLANCEPV_KREW=$("$here/build.sh" krew)
    export GLANCEPV_KUBECTLS GLANCEPV_CSI GLANCEPV_KREW
  fi
  exec "$here/control-plane.sh" "$1" bash -c 'exec "$0" "$KUBECONFIG"' "$here/suite.sh"
  ;;
esac
export GLANCEPV_TEST_CLUSTER=$1
if [ -n "${GLANCEPV_CONTROL_PLANE:-}" ]; then
  # The plugin runs with exactly the rights of this role; what is around it, as administrator.
  kubectl apply -f docs/role.yaml >&2
  kubectl create clusterrolebinding glancepv-operator --clusterrole=glancepv-operator --user=operator >&2
  export GLANCEPV_TEST_OPERATOR=$GLANCEPV_CONTROL_PLANE/kubeconfig-operator
fi
modules=(binder:: check:: confirmation:: export:: guide:: helm:: kubectl:: next_steps:: origin:: owners:: pages:: procedure:: renamed:: several:: stages:: status:: unretain::)
[ -n "${GLANCEPV_CONTROL_PLANE:-}" ] && modules+=(rights::)
# Completion and packages do not depend on the server's version; Debian's build of 1.20.2 ends when a custom resource is created.
[ -n "${GLANCEPV_KREW:-}" ] && modules+=(packages:: shells:: trident::)
cargo test --quiet --test cli -- --include-ignored --test-threads=4 "${modules[@]}"
# The same with the next major of Helm.
[ -n "${GLANCEPV_HELM4:-}" ] && PATH=$GLANCEPV_HELM4:$PATH cargo test --quiet --test cli -- --include-ignored --test-threads=4 helm:: pages::
if [ -n "${GLANCEPV_CSI_ROOT:-}" ]; then
  cargo test --quiet --test cli -- --include-ignored --test-threads=4 bytes:: --skip too_late
  cargo test --quiet --test cli -- --include-ignored too_late
fi
