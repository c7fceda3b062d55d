#!/usr/bin/env bash
# Runs a command against a real control plane of its own, and takes it down again.
#
#   control-plane.sh newest|1.20 COMMAND…
#
# etcd, kube-apiserver (TLS, client certificates, RBAC) and kube-controller-manager (the volume
# binder, the two protection controllers, those of StatefulSets, Jobs and namespaces, the garbage collector) listen on
# loopback, on free ports. COMMAND gets
# KUBECONFIG (an administrator's) and the control plane's own kubectl first on PATH, and
# GLANCEPV_CONTROL_PLANE, the folder with the process ids (etcd.pid, apiserver.pid, manager.pid),
# the script `start` that starts any of them again, and `kubeconfig-operator` and `kubeconfig-reader`,
# of users without any rights yet. Where GLANCEPV_CSI names the folder of build.sh csi, the real
# provisioner and its driver run beside it, and GLANCEPV_CSI_ROOT is the driver's folder. The exit status is COMMAND's; a control
# plane that does not come up is status 125, with the end of the log that tells why.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
which=${1:?usage: control-plane.sh newest|1.20 COMMAND…}
shift
bin=$("$here/build.sh" "$which")
dir=$(mktemp -d "${TMPDIR:-/tmp}/glancepv-cluster.XXXXXX")
say() { echo "control-plane.sh: $which: $*" >&2; }

# At once: nothing that they hold is kept, and an apiserver without its etcd takes a minute to end.
stop() {
  for name in csi-provisioner csi-driver manager apiserver etcd; do
    kill -KILL "$(cat "$dir/$name.pid" 2>/dev/null)" 2>/dev/null || true
  done
  rm -rf "$dir"
}
trap stop EXIT

# Below the ports that outgoing connections take: a server that is started again must find its own free.
free_port() {
  python3 - <<'PYTHON'
import random, socket
while True:
    port = random.randrange(10000, 30000)
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", port)):
            print(port)
            break
PYTHON
}

# certificate NAME SUBJECT [EXTENSIONS]: signed by our authority, valid for a day.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/$1.key" -out "$dir/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 1 -out "$dir/$1.crt" \
    -extfile <(printf 'extendedKeyUsage=clientAuth,serverAuth\n%s\n' "${3:-}") 2>/dev/null
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ca.key" -out "$dir/ca.crt" \
  -days 1 -subj /CN=glancepv-test-ca 2>/dev/null
certificate apiserver /CN=kube-apiserver 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc'
certificate admin /O=system:masters/CN=admin
certificate operator /CN=operator
certificate reader /CN=reader
openssl genrsa -out "$dir/service-account.key" 2048 2>/dev/null
openssl rsa -in "$dir/service-account.key" -pubout -out "$dir/service-account.pub" 2>/dev/null

etcd_port=$(free_port) peer_port=$(free_port) api_port=$(free_port) manager_port=$(free_port)
controllers=persistentvolume-binder-controller,persistentvolume-protection-controller,persistentvolumeclaim-protection-controller
controllers+=,statefulset-controller,job-controller,garbage-collector-controller,namespace-controller
manager_listen=(--secure-port="$manager_port" --bind-address=127.0.0.1 --cert-dir="$dir/manager")
# As kubeadm sets it: a watch cache in which nothing changes knows within seconds that it is up to date.
progress=--watch-progress-notify-interval=5s
# It would advertise itself to pods, of which there are none, and refuses to do so from loopback.
reconciler=--endpoint-reconciler-type=none
[ "$which" = 1.20 ] && progress='' controllers=persistentvolume-binder,pv-protection,pvc-protection,statefulset,job,garbagecollector,namespace && manager_listen+=(--port=0)

cat >"$dir/kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$api_port", certificate-authority: $dir/ca.crt}}]
users: [{name: admin, user: {client-certificate: $dir/admin.crt, client-key: $dir/admin.key}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
YAML

for user in operator reader; do
  sed "s#$dir/admin#$dir/$user#g" "$dir/kubeconfig" >"$dir/kubeconfig-$user"
done

cat >"$dir/start" <<START
#!/usr/bin/env bash
# Starts etcd, apiserver or manager (\$1) and records its process id.
case \$1 in
etcd) exec_=(etcd --data-dir="$dir/etcd" --listen-client-urls=http://127.0.0.1:$etcd_port
  --advertise-client-urls=http://127.0.0.1:$etcd_port --listen-peer-urls=http://127.0.0.1:$peer_port
  --initial-advertise-peer-urls=http://127.0.0.1:$peer_port --initial-cluster=default=http://127.0.0.1:$peer_port
  --unsafe-no-fsync $progress) ;;
apiserver) exec_=("$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:$etcd_port
  --bind-address=127.0.0.1 --advertise-address=127.0.0.1 $reconciler --secure-port=$api_port
  --tls-cert-file="$dir/apiserver.crt" --tls-private-key-file="$dir/apiserver.key" --client-ca-file="$dir/ca.crt"
  --authorization-mode=RBAC --disable-admission-plugins=ServiceAccount --service-cluster-ip-range=10.0.0.0/24
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$dir/service-account.pub"
  --service-account-signing-key-file="$dir/service-account.key" --cert-dir="$dir/api") ;;
manager) exec_=("$bin/kube-controller-manager" --kubeconfig="$dir/kubeconfig" --leader-elect=false
  --controllers=$controllers --pvclaimbinder-sync-period=2s --kube-api-qps=1000 --kube-api-burst=2000 ${manager_listen[*]}) ;;
csi-driver) exec_=("${GLANCEPV_CSI:-}/csi-driver" "$dir/csi") ;;
csi-provisioner) exec_=("${GLANCEPV_CSI:-}/csi-provisioner" --kubeconfig="$dir/kubeconfig" --csi-address="$dir/csi/csi.sock"
  --timeout=3s --retry-interval-start=500ms --retry-interval-max=2s) ;;
esac
"\${exec_[@]}" >>"$dir/\$1.log" 2>&1 &
echo \$! >"$dir/\$1.pid"
START
chmod +x "$dir/start"

# up NAME CHECK…: waits for at most a minute until CHECK succeeds.
up() {
  local name=$1 deadline=$((SECONDS + 60))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "$(cat "$dir/$name.pid")" 2>/dev/null || [ $SECONDS -gt $deadline ]; then
      say "$name did not come up:" && tail -n 20 "$dir/$name.log" >&2
      exit 125
    fi
    sleep 0.2
  done
}

export KUBECONFIG=$dir/kubeconfig PATH=$bin:$PATH GLANCEPV_CONTROL_PLANE=$dir
"$dir/start" etcd
up etcd curl -sf "http://127.0.0.1:$etcd_port/health"
"$dir/start" apiserver
up apiserver kubectl get --raw /readyz
"$dir/start" manager
up manager kubectl get namespace default
say "$(kubectl get --raw /version | sed -n 's/.*"gitVersion": "\(.*\)".*/\1/p') is up"

if [ -n "${GLANCEPV_CSI:-}" ]; then
  mkdir -p "$dir/csi/volumes"
  export GLANCEPV_CSI_ROOT=$dir/csi
  "$dir/start" csi-driver
  up csi-driver test -S "$dir/csi/csi.sock"
  "$dir/start" csi-provisioner
fi

"$@"
