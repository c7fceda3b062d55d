#!/usr/bin/env python3
"""Times the plugin beside curl and kubectl doing the same, alternating, in one run.

  tests/bench/bench.sh [ROUNDS]

runs it on a control plane of its own. Each command's wall time is the median of ROUNDS (21)
runs, its peak memory that of 5; the requests of curl are the plugin's own, on one connection.
"""
import json, os, statistics, subprocess, sys, time

kubeconfig, rounds = os.environ["KUBECONFIG"], int(sys.argv[1]) if len(sys.argv) > 1 else 21
plugin = os.path.abspath("target/release/kubectl-glancepv")


def kubectl(*arguments, stdin=None):
    return subprocess.run(["kubectl", *arguments], input=stdin, check=True, capture_output=True, text=True).stdout


def seconds(*commands):
    """Wall time of the commands, one after the other."""
    begun = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def peak(*commands):
    """Peak memory in KiB of the largest of the commands. GNU time measures: a child of this
    interpreter would be charged with the interpreter's own memory, from before its exec."""
    sizes = []
    for command in commands:
        told = subprocess.run(["/usr/bin/time", "-f", "%M", *command], check=True, capture_output=True, text=True).stderr
        sizes.append(int(told.splitlines()[-1]))
    return max(sizes)


kubectl("create", "namespace", "openstack")
claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "glance-images", "namespace": "openstack"},
         "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "netapp", "volumeName": "pvc-bench",
                  "resources": {"requests": {"storage": "500Gi"}}}}
volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pvc-bench"},
          "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "netapp", "capacity": {"storage": "500Gi"},
                   "persistentVolumeReclaimPolicy": "Delete", "csi": {"driver": "csi", "volumeHandle": "v"},
                   "claimRef": {"kind": "PersistentVolumeClaim", "namespace": "openstack", "name": "glance-images"}}}
for thing in volume, claim:
    kubectl("create", "-f", "-", stdin=json.dumps(thing))
kubectl("wait", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s", "-n", "openstack", "pvc/glance-images")

settings = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
cluster, user = settings["clusters"][0]["cluster"], settings["users"][0]["user"]
api, table = cluster["server"] + "/api/v1", "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
curl = ["curl", "-sf", "--cacert", cluster["certificate-authority"], "--cert", user["client-certificate"],
        "--key", user["client-key"], "-H", table,
        f"{api}/namespaces/openstack/persistentvolumeclaims/glance-images?includeObject=Object",
        f"{api}/persistentvolumes?includeObject=None", f"{api}/persistentvolumes/pvc-bench?includeObject=Object"]

contenders = {
    "kubectl glancepv status": [[plugin, "status", "-n", "openstack"]],
    "curl, the same three requests": [curl],
    "kubectl get pvc + kubectl get pv NAME": [["kubectl", "get", "pvc", "glance-images", "-n", "openstack"],
                                              ["kubectl", "get", "pv", "pvc-bench"]],
    "kubectl glancepv --help": [[plugin, "--help"]],
}
runs = {name: [] for name in contenders}
for _ in range(rounds):
    for name, commands in contenders.items():
        runs[name].append(seconds(*commands))
ours = statistics.median(runs["kubectl glancepv status"])
print(f"{kubectl('version').splitlines()[-1]}; {rounds} rounds, medians\n")
print("| command | wall | status is | peak memory |\n|---|---|---|---|")
for name, walls in runs.items():
    wall = statistics.median(walls)
    memory = statistics.median(peak(*contenders[name]) for _ in range(5))
    print(f"| {name} | {wall * 1000:.1f} ms | {ours / wall:.3f} × it | {memory / 1024:.1f} MiB |")
print(f"\nbinary: {os.path.getsize(plugin) / 2**20:.2f} MiB")
