"""What the tests know of a gateway that is installed in a machine: its configuration, its REST socket, and the ledger of what came."""
import json
import re
import subprocess

from harness import expect, expect_equal, rest, wait_for
from programs import as_yaml

CONFIG = "/etc/ferrule/ferrule.yaml"
QUICK = 5  # polls a second


class Box:
    def __init__(self, machine, device_port, broker):
        self.machine, self.device_port, self.broker = machine, device_port, broker
        self.serial = None

    def get(self, target):
        # The container's own /run is a file system of its own: asked from inside, through the command line's socket.
        status, body = rest(f"/proc/{self.machine.leader}/root/run/ferrule/ferrule.sock", "GET", target, timeout=20)
        expect(status == 200, f"GET {target} answered {status}: {body}")
        return body

    def settings(self, every="200ms"):
        tags = [{"name": "counter", "address": "holding:0", "type": "uint16", "count": 1},
                {"name": "level", "address": "input:0", "type": "uint16"}]
        tags[0].pop("count")
        channels = [{"name": "press", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": self.device_port},
                     "devices": [{"name": "boiler", "unit_id": 1, "every": every, "tags": tags}]}]
        if self.serial:
            channels.append({"name": "line", "driver": "modbus", "serial": {"port": self.serial, "baud": 19200, "parity": "none"},
                             "devices": [{"name": "meter", "unit_id": 1, "every": every, "tags": tags}]})
        return {"gateway": {"id": "box"}, "channels": channels,
                "uplinks": [{"name": "cloud", "mqtt": {"url": self.broker.url}}], "rest": {"listen": "127.0.0.1:8080"}}

    def configure(self, **options):
        self.machine.write(CONFIG, as_yaml(self.settings(**options)))

    def reload(self):
        self.machine.run("systemctl", "reload", "ferrule")

    def main_pid(self):
        return self.machine.show("MainPID")

    def wait_until_running(self, limit=30):
        def running():
            return self.machine.show("ActiveState") == "active" and self.get("/api/v1/status")
        return wait_for(running, lambda: f"the service to run; journal:\n{self.machine.journal('--lines=30')}", limit, every=0.1)

    def uplink(self):
        answer = self.get("/api/v1/uplinks")
        uplinks = answer if isinstance(answer, list) else answer["uplinks"]
        return uplinks[0]

    def committed(self, at_least):
        """How many samples wait on disk for certain: those that waited before a whole commit began."""
        begun = None

        def stored():
            nonlocal begun
            outbox, waiting = self.get("/api/v1/outbox"), self.uplink()["samples"]["stored"]
            if begun is None and waiting >= at_least:
                begun = (waiting, outbox["commits"])
            return begun[0] if begun and outbox["commits"] >= begun[1] + 2 else None
        return wait_for(stored, f"{at_least} samples in the outbox", 60, every=0.1)

    def listening(self):
        """Sockets that the service's process listens on, TCP, UDP and Unix, as the kernel says."""
        pids = processes(self.machine)
        expect_equal(pids, [self.main_pid()], "processes of ferrule")
        text = self.machine.run("ss", "-H", "-l", "-n", "-t", "-u", "-x", "-p")
        found = set()
        for line in text.splitlines():
            if f"pid={pids[0]}," not in line:
                continue
            words = line.split()
            found.add(f"{words[0].replace('u_str', 'unix')} {words[4]}")
        return found


class Ledger:
    """What a subscriber got, by boot and sequence number. A repeat is one entry; a hole is a loss."""

    def __init__(self, subscriber):
        self.subscriber = subscriber

    def records(self):
        """{boot: {seq: samples in it}}; an event or a state has a number and no samples."""
        by_boot = {}
        for message in self.subscriber.on_topic("/"):
            try:
                body = json.loads(message.payload)
                boot, seq = body["boot"], body["seq"]
            except (ValueError, KeyError, TypeError):
                continue
            count = sum(len(body.get(part, {})) for part in ("values", "bad", "uncertain")) if "event" not in body else 0
            parts = by_boot.setdefault(boot, {}).setdefault(seq, {})
            parts[body.get("part", 0)] = count
        return {boot: {seq: sum(parts.values()) for seq, parts in records.items()} for boot, records in by_boot.items()}


def processes(machine):
    """The numbers of the processes that are called ferrule."""
    found = machine.try_run("sh", "-c", "grep -lx ferrule /proc/[0-9]*/comm").stdout
    return re.findall(r"/proc/(\d+)/", found)


def snapshot(machine):
    """Everything that a package could leave: files, users, groups, units and processes."""
    prune = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/log", "/var/cache", "/var/lib/dpkg", "/var/lib/apt", "/var/tmp", "/root", "/debs"]
    tests = []
    for path in prune:
        tests += ["-path", path, "-prune", "-o"]
    files = set(machine.run("find", "/", *tests, "-print").splitlines())
    # The back-ups of the account files are their previous state by nature.
    files -= {"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-"}
    # What apt's and dpkg's own timers keep; the daily one of apt runs at 6 and 18 o'clock, in the middle of a test too.
    files = {file for file in files if not re.match(r"/var/backups/(apt|dpkg)\.", file)}
    accounts = {f"{name}: {line}" for name in ("passwd", "group", "shadow", "gshadow")
                for line in machine.run("cat", f"/etc/{name}").splitlines()}
    units = {line.split()[0] for line in machine.run("systemctl", "list-unit-files", "--no-legend").splitlines()}
    named = {f"process {pid}" for pid in processes(machine)}
    run = {"/run: " + line for line in machine.run("find", "/run", "-iname", "*ferrule*").splitlines()}
    return files | accounts | units | named | run


def with_version(package, version, to):
    """The same package as another version, with another default configuration: what an upgrade comes from, where no older package is at hand."""
    work = to.with_suffix(".unpacked")
    subprocess.run(["dpkg-deb", "--raw-extract", package, work], check=True)
    control = work / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.MULTILINE))
    with open(work / CONFIG.lstrip("/"), "a") as config:
        config.write("# as an earlier version put it\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", work, to], check=True, capture_output=True)
    return to
