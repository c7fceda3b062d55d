#!/usr/bin/env bash
# The binary in a root folder with nothing but itself, as in an empty container: with a kubeconfig and
# its certificates, and with a service account's token where a pod has it. Run inside
# control-plane.sh, as root:
#
#   control-plane.sh newest chroot.sh   GLANCEPV_BIN names a static program, if there is one already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
binary=${GLANCEPV_BIN:-$(tests/platforms.sh static)}
root=$(mktemp -d "$GLANCEPV_CONTROL_PLANE/root.XXXXXX")
cp "$binary" "$root/kubectl-glancepv"
! ldd "$root/kubectl-glancepv" 2>/dev/null | grep -q '=>' || { echo "chroot.sh: the binary is not static" >&2 && exit 1; }

kubectl create namespace in-chroot >/dev/null
kubectl create -f - >/dev/null <<YAML
{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "glance-images", "namespace": "in-chroot"},
 "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}}
YAML

kubectl config view --raw --flatten >"$root/kubeconfig"
echo "== with a kubeconfig"
chroot "$root" /kubectl-glancepv status -n in-chroot --kubeconfig /kubeconfig

account=$root/var/run/secrets/kubernetes.io/serviceaccount
mkdir -p "$account"
kubectl create serviceaccount toolbox -n in-chroot >/dev/null
kubectl create clusterrolebinding toolbox --clusterrole=cluster-admin --serviceaccount=in-chroot:toolbox >/dev/null
kubectl create token toolbox -n in-chroot >"$account/token"
cp "$GLANCEPV_CONTROL_PLANE/ca.crt" "$account/ca.crt"
printf in-chroot >"$account/namespace"
server=$(kubectl config view -o jsonpath='{.clusters[0].cluster.server}')
echo "== as a pod's service account, in the pod's namespace"
env -i PATH="$PATH" KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT="${server##*:}" chroot "$root" /kubectl-glancepv status
