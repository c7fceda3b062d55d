#!/usr/bin/env python3
"""Times the plugin beside curl and kubectl doing the same, alternating, in one run.

bench.sh runs this on a control plane of its own. A command's wall time is the median of ROUNDS (21)
runs (3 of those that take four seconds and more), its peak memory that of 3, its bytes what arrived over the
network. curl's requests are the plugin's own, on one connection. What a bound of the specification
speaks of is printed with it.
"""
import http.client, json, os, re, signal, socket, ssl, statistics, subprocess, sys, threading, time
from urllib.parse import urlsplit

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
target = os.environ.get("CARGO_TARGET_DIR", "target")
sandbox = os.path.abspath(f"{target}/release/glancepv-sandbox")
plugin = os.environ["GLANCEPV_BIN"]
here = os.path.dirname(os.path.abspath(__file__))
namespace, claim = "openstack", "glance-images"
TABLE = "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def run(command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def seconds(commands):
    """Wall time of the commands, one after the other."""
    begun = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def peak(commands):
    """Peak memory in KiB of the largest of the commands. GNU time measures: a child of this
    interpreter would be charged with the interpreter's own memory, from before its exec."""
    def told(command):
        out = subprocess.run(["/usr/bin/time", "-f", "%M", *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return int(out.stderr.splitlines()[-1])
    return statistics.median(max(told(command) for command in commands) for _ in range(3))


class Server:
    """An API server, as a kubeconfig file tells it."""

    def __init__(self, kubeconfig):
        settings = json.loads(run(["kubectl", "--kubeconfig", kubeconfig, "config", "view", "--raw", "-o", "json"]))
        cluster, user = settings["clusters"][0]["cluster"], settings["users"][0]["user"]
        self.url, self.kubeconfig = cluster["server"], kubeconfig
        self.identity = ["--cacert", cluster["certificate-authority"], "--cert", user["client-certificate"], "--key", user["client-key"]]
        self.tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self.tls.load_cert_chain(user["client-certificate"], user["client-key"])

    def connection(self):
        return http.client.HTTPSConnection(urlsplit(self.url).netloc, context=self.tls)

    def send(self, connection, method, path, body=None, kind="application/json"):
        connection.request(method, path, body and json.dumps(body), {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 201, 404), (answer.status, text)
        return answer.status, json.loads(text)

    def once(self, *request):
        return self.send(self.connection(), *request)

    def until(self, path, wanted):
        """Waits until the object is as wanted; `None` is one that is not there."""
        limit = time.monotonic() + 60
        while not wanted((lambda code, found: found if code == 200 else None)(*self.once("GET", path))):
            assert time.monotonic() < limit, path
            time.sleep(0.1)

    def curl(self, *paths):
        # To curl's own name, the API server answers indented, in almost twice the bytes.
        return ["curl", "-sf", "-A", "bench", *self.identity, "-H", TABLE, *(f"{self.url}/api/v1/{path}" for path in paths)]


class Counter:
    """A relay to a server that counts what comes back."""

    def __init__(self, server):
        self.received, self.to = 0, (urlsplit(server.url).hostname, urlsplit(server.url).port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, far = self.listener.accept()[0], socket.create_connection(self.to)
            for ends in ((near, far, False), (far, near, True)):
                threading.Thread(target=self.relay, args=ends, daemon=True).start()

    def relay(self, source, sink, count):
        try:
            while part := source.recv(1 << 16):
                self.received += len(part) if count else 0
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def bytes(self, server, commands):
        """What the commands receive; they are told the relay's address instead of the server's."""
        config = open(server.kubeconfig).read().replace(str(self.to[1]), str(self.port))
        path = server.kubeconfig + ".relayed"
        open(path, "w").write(config)
        self.received = 0
        for command in commands:
            relayed = [word.replace(f":{self.to[1]}/", f":{self.port}/") for word in command]
            subprocess.run(relayed, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "KUBECONFIG": path})
        return self.received


def volume(name, namespace, claim, **claim_ref):
    """A volume as Trident makes it, about 3 kB."""
    managed = [{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": {f"f:{part}": {f"f:field-{n}": {} for n in range(14)} for part in ("metadata", "spec", "status")}}
               for manager in ("csi-provisioner", "kube-controller-manager")]
    attributes = {"backendUUID": "0d1f2a3b-" + name[-27:], "internalName": "trident_" + name.replace("-", "_"), "name": name,
                  "protocol": "file", "storage.kubernetes.io/csiProvisionerIdentity": "1700000000000-8081-csi.trident.netapp.io"}
    return {"apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": name, "managedFields": managed, "annotations": {"pv.kubernetes.io/provisioned-by": "csi.trident.netapp.io",
                "volume.kubernetes.io/provisioner-deletion-secret-name": "", "volume.kubernetes.io/provisioner-deletion-secret-namespace": ""}},
            "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "netapp", "capacity": {"storage": "500Gi"}, "volumeMode": "Filesystem",
                     "persistentVolumeReclaimPolicy": "Delete", "mountOptions": ["nfsvers=4.1", "hard", "timeo=600", "retrans=2"],
                     "csi": {"driver": "csi.trident.netapp.io", "volumeHandle": name, "volumeAttributes": attributes},
                     "claimRef": {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": claim, **claim_ref}}}


def fill(server, first, last):
    """Volumes of others, whose claims are gone."""
    def work(start):
        connection = server.connection()
        for n in range(start, last, 4):
            name = f"pvc-{n:08x}-6b1e-4f4e-9c55-{n * 7919 % 2**48:012x}"
            other = volume(name, f"tenant-{n % 97}", f"data-{n}", uid=name[4:])
            other["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
            server.send(connection, "POST", "/api/v1/persistentvolumes", other)
    workers = [threading.Thread(target=work, args=(first + n,)) for n in range(4)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    # The controller has looked at all of them when none is Pending any more.
    pending = lambda: '"Pending"' in run(server.curl(cached))
    limit = time.monotonic() + 600
    while pending():
        assert time.monotonic() < limit
        time.sleep(1)


CLAIMS, CLAIM = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}"
PV = "pvc-5ca1ab1e-0000-4000-8000-000000000001"
VOLUME = f"/api/v1/persistentvolumes/{PV}"
phase = lambda wanted: lambda found: found is not None and found["status"].get("phase") == wanted
cached, consistent = "persistentvolumes?includeObject=None&resourceVersion=0", "persistentvolumes?includeObject=None"
one_claim, one_volume = f"namespaces/{namespace}/persistentvolumeclaims/{claim}?includeObject=Object", f"persistentvolumes/{PV}?includeObject=Object"


def install(server):
    body = {"metadata": {"name": claim}, "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "netapp", "volumeName": PV,
            "resources": {"requests": {"storage": "500Gi"}}}}
    server.once("POST", CLAIMS, body)
    server.until(CLAIM, phase("Bound"))


def settled(server):
    """Waits until the watch cache knows that it is up to date, as it is minutes after a change."""
    newest = int(server.once("GET", CLAIM)[1]["metadata"].get("resourceVersion") or 0)
    newest = max(newest, int(server.once("GET", VOLUME)[1]["metadata"]["resourceVersion"]))
    server.until("/" + f"api/v1/{cached}&limit=1", lambda found: int(found["metadata"]["resourceVersion"]) >= newest)


def measured(server, contenders):
    """name → (wall in s, peak memory in MiB, requests, bytes received)."""
    walls = {name: [] for name in contenders}
    for turn in range(rounds):
        for name, commands in contenders.items():
            if turn < 3 or statistics.median(walls[name]) < 4:
                walls[name].append(seconds(commands))
    counter, results = Counter(server), {}
    for name, commands in contenders.items():
        requests = None
        if commands[0][0] == plugin and "--help" not in commands[0]:
            told = subprocess.run([*commands[0], "-v", "6"], capture_output=True, text=True).stderr
            requests = len(re.findall(r"\] (GET|PATCH|POST) https", told)) or None
        results[name] = (statistics.median(walls[name]), peak(commands) / 1024, requests, counter.bytes(server, commands))
    return results


def table(results, ours, bounds):
    """Rows of Markdown; each command's wall time against that of `ours`."""
    rows, reference = [], results[ours][0]
    for name, (wall, memory, requests, received) in results.items():
        size = f"{received / 1e6:.1f} MB" if received >= 1e6 else f"{received / 1e3:.0f} kB"
        told = f"{wall:.2f} s" if wall >= 1 else f"{wall * 1000:.1f} ms"
        rows.append(f"| {name} | {told} | {reference / wall:.3f} | {bounds.get(name, '')} | {memory:.1f} MiB | {requests or ''} | {size} |")
    return rows


HEAD = ["| | wall | ratio | bound | peak memory | requests | received |", "|---|---|---|---|---|---|---|"]


def at(server, number):
    """The tables for a cluster of `number` volumes, the target's among them."""
    glancepv = lambda *words: [[plugin, *words, "-n", namespace]]
    server.once("POST", "/api/v1/persistentvolumes", volume(PV, namespace, claim))
    install(server)
    settled(server)
    three = server.curl(one_claim, cached, one_volume)
    bound = measured(server, {
        "`kubectl glancepv status`": glancepv("status"),
        "curl, the same three requests": [three],
        "`kubectl get pvc` + `kubectl get pv NAME`": [["kubectl", "get", "pvc", claim, "-n", namespace], ["kubectl", "get", "pv", PV]],
        "`kubectl glancepv --help`": [[plugin, "--help"]],
    })
    run([plugin, "retain", "--yes", "-n", namespace])
    server.once("DELETE", CLAIM)
    server.until(VOLUME, phase("Released"))
    settled(server)
    script = f'.items[] | select(.spec.claimRef.namespace=="{namespace}" and .spec.claimRef.name=="{claim}") | .metadata.name'
    released = measured(server, {
        "`kubectl glancepv status`": glancepv("status"),
        "`kubectl glancepv reuse --dry-run=client`": glancepv("reuse", "--dry-run=client"),
        "`kubectl glancepv reuse --dry-run=server`": glancepv("reuse", "--dry-run=server"),
        "completion of `reuse [TAB]`": [[plugin, "__complete", "reuse", "-n", namespace, ""]],
        "curl, the same list": [server.curl(cached)],
        "curl, that list read consistently": [server.curl(consistent)],
        "`kubectl get pv`": [["kubectl", "get", "pv"]],
        "`kubectl get pv -o json \\| jq`": [["bash", "-c", f"kubectl get pv -o json | jq -r '{script}'"]],
    })
    run([plugin, "reuse", "--yes", "-n", namespace])
    install(server)
    settled(server)
    reused = measured(server, {
        "`kubectl glancepv verify`": glancepv("verify"),
        "curl, the claim and the volume": [server.curl(one_claim, one_volume)],
    })
    server.once("DELETE", CLAIM)
    server.until(CLAIM, lambda found: found is None)
    server.once("DELETE", VOLUME)
    server.until(VOLUME, lambda found: found is None)
    volumes = "1 volume" if number == 1 else f"{number:,} volumes"
    rows = [f"**{volumes}**, the claim bound", "", *HEAD,
            *table(bound, "`kubectl glancepv status`", {"`kubectl glancepv status`": "14 MiB", "`kubectl glancepv --help`": "10 ms",
                   **({"curl, the same three requests": "0.5", "`kubectl get pvc` + `kubectl get pv NAME`": "0.1"} if number == 1 else {})}),
            "", f"**{volumes}**, the volume released", "", *HEAD,
            *table(released, "`kubectl glancepv status`", {"`kubectl glancepv status`": "20 MiB",
                   **({"curl, the same list": "1.3", "`kubectl get pv`": "0.06"} if number == 20_000 else {})}),
            "", f"**{volumes}**, the volume reused", "", *HEAD, *table(reused, "`kubectl glancepv verify`", {}), ""]
    return rows


def bound_claims(server, where, number):
    """A namespace of so many claims, each bound to a volume of its own."""
    server.once("POST", "/api/v1/namespaces", {"metadata": {"name": where}})
    claims = f"/api/v1/namespaces/{where}/persistentvolumeclaims"
    for n in range(number):
        name = f"{where}-volume-{n}"
        server.once("POST", "/api/v1/persistentvolumes", volume(name, where, f"data-{n}"))
        server.once("POST", claims, {"metadata": {"name": f"data-{n}"}, "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "netapp",
            "volumeName": name, "resources": {"requests": {"storage": "500Gi"}}}})
    for n in range(number):
        server.until(f"{claims}/data-{n}", phase("Bound"))


def pending_claims(server, number):
    """Claims of other namespaces that nobody provisions."""
    for n in range(97):
        server.once("POST", "/api/v1/namespaces", {"metadata": {"name": f"tenant-{n}"}})

    def work(start):
        connection = server.connection()
        for n in range(start, number, 4):
            server.send(connection, "POST", f"/api/v1/namespaces/tenant-{n % 97}/persistentvolumeclaims", {"metadata": {"name": f"claim-{n}"},
                "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "", "volumeName": "nowhere", "resources": {"requests": {"storage": "1Gi"}}}})
    workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()


def patched(server):
    """The table for the patches of forty claims, on a cluster that has little else."""
    bound_claims(server, "few", 40)
    time.sleep(5)
    ours, each = "`kubectl glancepv retain --all --dry-run=server`, 40 claims", "`kubectl patch pv --dry-run=server` of each"
    patch = ["kubectl", "patch", "pv", "--dry-run=server", "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}']
    results = measured(server, {
        ours: [[plugin, "retain", "--all", "--dry-run=server", "-n", "few"]],
        each: [[*patch, f"few-volume-{n}"] for n in range(40)],
    })
    return ["**Several claims**, patched", "", *HEAD, *table(results, ours, {each: "0.05"})]


def several(server):
    """The tables for several claims among 20,000 volumes."""
    bound_claims(server, "forty", 40)
    bound_claims(server, "thousand", 1000)
    time.sleep(5)
    ours = lambda *words: [[plugin, *words]]
    each = lambda *words: [[*words, f"forty-volume-{n}"] for n in range(40)]
    get = [["kubectl", "get", "pvc", "-n", "forty"], *each("kubectl", "get", "pv")]
    read = measured(server, {
        "`kubectl glancepv status --all`, 40 claims": ours("status", "--all", "-n", "forty"),
        "`kubectl glancepv status` of one of them": ours("status", "--claim", "data-0", "-n", "forty"),
        "`kubectl get pvc`, and `kubectl get pv NAME` of each": get,
        "curl, the list of volumes alone": [server.curl(consistent)],
        "`kubectl glancepv status --all`, 1,000 claims": ours("status", "--all", "-n", "thousand"),
    })
    pending_claims(server, 20_000)
    time.sleep(5)
    whole = ["persistentvolumeclaims?includeObject=Object&resourceVersion=0", "persistentvolumes?includeObject=Object&resourceVersion=0"]
    # Claims that wait are looked at every two seconds here, and 20,000 of them keep the API server busy.
    manager = int(open(f"{os.environ['GLANCEPV_CONTROL_PLANE']}/manager.pid").read())
    os.kill(manager, signal.SIGSTOP)
    everywhere = measured(server, {
        "`kubectl glancepv status -A`": ours("status", "-A"),
        "curl, the same two lists": [server.curl(*whole)],
    })
    os.kill(manager, signal.SIGCONT)
    one, all_of_them = "`kubectl glancepv status` of one of them", "`kubectl glancepv status --all`, 40 claims"
    return ["", "**Several claims** among 20,000 volumes", "", *HEAD,
            *table(read, all_of_them, {one: "1.5", "`kubectl get pvc`, and `kubectl get pv NAME` of each": "0.02"}),
            "", "**Every claim**: 20,000 volumes, as many claims", "", *HEAD,
            *table(everywhere, "`kubectl glancepv status -A`", {"`kubectl glancepv status -A`": "60 MiB", "curl, the same two lists": "1.3"}), ""]


def curve():
    """Time and memory against the number of volumes, on the sandbox; writes docs/curve.svg."""
    lines, rows = [], []
    for number in (1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000):
        with subprocess.Popen([sandbox, str(number)], stdout=subprocess.PIPE, text=True) as process:
            try:
                server = Server(process.stdout.readline().split("=", 1)[1].strip())
                server.once("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
                released = volume(PV, namespace, claim, uid="5ca1ab1e-0000-4000-8000-000000000001")
                released["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
                server.once("POST", "/api/v1/persistentvolumes", released)
                server.until(VOLUME, phase("Released"))
                ours = [[plugin, "status", "-n", namespace, "--kubeconfig", server.kubeconfig]]
                theirs = [server.curl(cached)]
                walls = ([], [])
                for _ in range(5):
                    for command, times in zip((ours, theirs), walls):
                        times.append(seconds(command))
                wall, other = (statistics.median(times) for times in walls)
                # kubectl takes seconds: once, and not for more than 20,000.
                get = ["kubectl", "get", "pv", "--kubeconfig", server.kubeconfig]
                slow = seconds([get]) if number <= 20_000 else None
                memory = peak(ours) / 1024
            finally:
                process.terminate()
        told = "NaN" if slow is None else f"{slow * 1000:.1f}"
        lines.append(f"{number} {wall * 1000:.1f} {other * 1000:.1f} {told}")
        told = "" if slow is None else f"{slow * 1000:.0f} ms"
        rows.append(f"| {number:,} | {wall * 1000:.0f} ms | {other * 1000:.0f} ms | {told} | {memory:.1f} MiB |")
    data = "\n".join(lines)
    run(["gnuplot"], input=f"""
        set terminal svg size 720,360 font "sans-serif,13" background "white"
        set output "{here}/../../docs/curve.svg"
        set key left top
        set xlabel "volumes in the cluster"
        set logscale xy
        set format x "%'.0f"
        set format y "%'.0f"
        set ylabel "milliseconds"
        set xrange [900:110000]
        set grid
        $data << END
{data}
END
        plot $data using 1:4 with linespoints lw 2 title "kubectl get pv", \\
             $data using 1:3 with linespoints lw 2 dt 2 title "curl, the same list", \\
             $data using 1:2 with linespoints lw 3 title "kubectl glancepv status"
    """)
    return ["**The shape of it**: a released volume among others, on the sandbox", "",
            "| volumes | `status` | curl, the same list | `kubectl get pv` | peak memory of `status` |", "|---|---|---|---|---|", *rows, "",
            "![Wall time against the number of volumes: kubectl get pv, curl, status](curve.svg)"]


def write(lines):
    """Prints the tables, and puts them between the marks in docs/speed.md."""
    text = "\n".join(lines)
    print(text)
    for name in ("docs/speed.md",):
        path = os.path.join(here, "../..", name)
        before, _, rest = open(path).read().partition("<!-- measured -->\n")
        after = rest.partition("<!-- /measured -->")[2]
        assert after, f"{name} has no place for what was measured"
        open(path, "w").write(f"{before}<!-- measured -->\n{text}\n<!-- /measured -->{after}")


server = Server(os.environ["KUBECONFIG"])
server.once("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
versions = [run(["kubectl", "version"]).splitlines()[-1].replace("Server Version:", "Kubernetes"), run(["curl", "--version"]).split(" (")[0],
            run(["jq", "--version"]).strip(), f"{os.cpu_count()} cores", f"{rounds} rounds, medians",
            f"binary {os.path.getsize(plugin) / 2**20:.2f} MiB (bound 7)"]
report, filled, few = [", ".join(versions) + ".", ""], 0, []
for number in 1, 2000, 20_000:
    print(f"{number} volumes…", file=sys.stderr, flush=True)
    fill(server, filled, number - 1)
    filled = number - 1
    report += at(server, number)
    few = few or patched(server)
    print("\n".join(report), file=sys.stderr, flush=True)
report += few + several(server)
print("\n".join(report), file=sys.stderr, flush=True)
write(report + curve())
