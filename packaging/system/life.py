"""The life of an installed gateway, from `apt install` to `purge`, in a machine of its own. Started by packaging/test-deb.

The broker, the subscriber and the Modbus devices are not ours (mosquitto, paho, pymodbus) and run beside the machine.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/process"), str(TOP / "packaging/system")]
os.environ.setdefault("FERRULE_TEST_PATIENCE", "60")

from box import CONFIG, Box, Ledger, processes, snapshot, with_version  # noqa: E402
from harness import Bench, expect, expect_equal, wait_for  # noqa: E402
from machine import Machine  # noqa: E402
from programs import as_yaml  # noqa: E402

UNIT = "/etc/systemd/system/ferrule.service.d"
EXPOSURE_LIMIT = 20  # tenths, as systemd-analyze wants it
CLOSURE_LIMIT_MB, OWN_LIMIT_MB = 12, 4
BACK_LIMIT = 10  # seconds until an upgraded gateway is ready again; under emulation too


class Life:
    def __init__(self, bench, options):
        self.bench, self.options = bench, options
        self.native = options.arch == subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
        self.machine = Machine(bench, options.root)
        self.figures = []

    def prepare(self):
        """The packages into the machine, peers beside it, and a serial line into it."""
        options, machine = self.options, self.machine
        debs = pathlib.Path(machine.root / "debs")
        debs.mkdir()
        machine.put(options.package, "/debs/new.deb")
        if options.previous:
            machine.put(options.previous, "/debs/old.deb")
        else:
            with_version(options.package, "0.0.1", debs / "old.deb")
        self.broker = self.bench.mosquitto()
        registers = json.dumps({"1": {"holding": {"0": [1] * 10}, "input": {"0": [7] * 10}}})
        device = self.bench.pymodbus("--registers", registers)
        pair = self.bench.serial_pair()
        os.chmod(os.path.realpath(pair.b), 0o660)
        os.chown(os.path.realpath(pair.b), 0, 20)  # dialout has the same number on every Debian
        machine.bind(os.path.realpath(pair.b), "/dev/ttyS9")
        self.bench.pymodbus("--serial", str(pair.a), "--registers", registers)
        self.box = Box(machine, device.port, self.broker)
        self.box.serial = "/dev/ttyS9"
        self.subscriber = self.bench.subscriber(self.broker, "ferrule/#")
        self.ledger = Ledger(self.subscriber)
        machine.start()
        self.before = snapshot(machine)

    def apt(self, *arguments):
        """What apt and the maintainer scripts said. Nobody is there to answer whether an edited configuration file is to be kept: it is."""
        return self.machine.run("sh", "-c", 'exec "$@" 2>&1', "sh", "apt-get", "--quiet", "--yes", "--no-install-recommends",
                                "-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-confold", *arguments, limit=300)

    def drop_in(self, name, *lines):
        self.machine.write(f"{UNIT}/{name}.conf", "[Service]\n" + "\n".join(lines) + "\n")
        self.machine.run("systemctl", "daemon-reload")

    def no_drop_in(self, name):
        self.machine.run("rm", f"{UNIT}/{name}.conf")
        self.machine.run("systemctl", "daemon-reload")

    def figure(self, text):
        self.figures.append(text)
        print(f"        {text}", flush=True)

    # ---- the steps, in the order of a life

    def install(self):
        """Leaves a gateway that runs, listens on loopback only, and says what to do next."""
        used = self.installed_sizes()
        self.apt("install", "/debs/old.deb")
        status = self.box.wait_until_running()
        now = self.installed_sizes()
        fresh = {name: size for name, size in now.items() if name not in used}
        self.figure(f"installed closure {sum(fresh.values()) / 1024:.1f} MB (limit {CLOSURE_LIMIT_MB}), of which ferrule "
                    f"{fresh['ferrule'] / 1024:.1f} MB (limit {OWN_LIMIT_MB}): {', '.join(sorted(fresh))}")
        expect(sum(fresh.values()) <= CLOSURE_LIMIT_MB * 1024 and fresh["ferrule"] <= OWN_LIMIT_MB * 1024, "the package is too large")
        expect(not [problem for problem in status["gateway"].get("problems", [])], f"a fresh gateway has problems: {status}")
        expect("ferrule.yaml" in self.machine.journal(), f"the journal does not say what to do next:\n{self.machine.journal()}")
        expect_equal(self.machine.run("systemctl", "is-enabled", "ferrule").strip(), "enabled")
        expect("dialout" in self.machine.run("id", "ferrule"), "the user is not in dialout")
        owner = self.machine.run("stat", "--format=%U", f"/proc/{self.box.main_pid()}").strip()
        expect_equal(owner, "ferrule", "whose process it is")
        self.machine.run("test", "-s", "/var/lib/ferrule/power-on")  # the sandbox shows the service which boot of the machine it is in
        self.machine.run("ferrule", "status")
        listed = self.options.package.replace(".deb", ".cdx.json")
        checked = subprocess.run([TOP / "packaging/sbom", "--check", listed, self.machine.root / "usr/bin/ferrule", self.machine.root],
                                 capture_output=True, text=True)
        expect(checked.returncode == 0, checked.stderr)
        self.figure(checked.stdout.strip())

    def installed_sizes(self):
        """Kilobytes of each package as dpkg counts them."""
        lines = self.machine.run("dpkg-query", "--show", "--showformat=${Package} ${Installed-Size}\n").splitlines()
        return {line.split()[0]: int(line.split()[1]) for line in lines}

    LISTENING = [{"name": f"pushed_{protocol}", "driver": "tcp", "listen": {"port": port, "address": "127.0.0.1", "protocol": protocol},
                  "payload": {"format": "json"}, "id": {"at": "/id"},
                  "devices": [{"name": f"sensor_{protocol}", "id": "one", "tags": [{"name": "level", "at": "/level"}]}]}
                 for protocol, port in (("tcp", 9000), ("udp", 9002))]
    LISTENING += [{"name": "posted", "driver": "coap", "listen": {"port": 5683},
                   "devices": [{"name": "mote", "address": "127.0.0.1", "tags": [{"name": "level", "path": "/level"}]}]},
                  {"name": "asked", "driver": "coap",
                   "devices": [{"name": "node", "host": "127.0.0.1", "every": "200ms", "tags": [{"name": "level", "path": "/level"}]}]}]

    def sockets(self):
        """Each listening socket is one that the configuration names."""
        unix = "unix /run/ferrule/ferrule.sock"
        expect_equal(self.box.listening(), {"tcp 127.0.0.1:8080", unix}, "as installed")
        self.machine.write("/etc/ferrule/conf.d/rest.yaml", as_yaml({"rest": {"listen": "[::1]:8181"}, "channels": self.LISTENING}))
        original = self.machine.run("cat", CONFIG)
        self.machine.write(CONFIG, re.sub(r"^(rest|channels):.*$", "", original, flags=re.MULTILINE))
        self.machine.run("systemctl", "restart", "ferrule")
        self.box.wait_until_running()
        expect_equal(self.box.listening(), {"tcp [::1]:8181", unix, "tcp 127.0.0.1:9000", "udp 127.0.0.1:9002", "udp 127.0.0.1:5683"},
                     "with another address, channels that listen and one that asks over UDP")
        self.machine.run("rm", "-r", "/etc/ferrule/conf.d")
        self.machine.write(CONFIG, original)
        self.machine.run("systemctl", "restart", "ferrule")
        self.box.wait_until_running()

    def exposure(self):
        """The sandbox: at most 2.0 by systemd's own count."""
        text = self.machine.run("systemd-analyze", "security", f"--threshold={EXPOSURE_LIMIT}", "--no-pager", "ferrule.service")
        self.figure(text.strip().splitlines()[-1])

    PROBES = {"a raw packet socket": "perl -e 'socket(S, 17, 3, 0) or $!{EPERM} and exit 0; exit 1'",
              "a file for another user": "perl -e 'open(F, \">/var/lib/ferrule/x\"); exit(chmod(04755, \"/var/lib/ferrule/x\") ? 0 : 1)'",
              "seeing other processes": "test -e /proc/1/cmdline",
              "looking into /home": "test -e /home/secret",
              "writing to /debs": "touch /debs/here"}

    def probe(self, unit):
        """What the probes get away with, run once in place of the program by this unit."""
        self.machine.write("/etc/systemd/system/probe.service", unit)
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "start", "probe")
        self.machine.run("rm", "/var/lib/ferrule/probed")  # it did run to its end
        said = self.machine.run("journalctl", "--sync")
        said = self.machine.run("journalctl", "--unit=probe", "--output=cat", "--no-pager")
        invocation = said.rsplit("PROBES", 1)[-1]
        return set(re.findall(r"^ESCAPED (.*)$", invocation, re.MULTILINE))

    def escapes(self):
        """What only the sandbox forbids is forbidden; without the sandbox the same user gets away with it."""
        if not self.native:
            return print("        left out: no system call filters under emulation")
        self.machine.write("/home/secret", "")
        self.machine.run("chmod", "777", "/debs")
        script = "echo PROBES\n" + "\n".join(f'if {probe} 2>/dev/null; then echo "ESCAPED {what}"; fi' for what, probe in self.PROBES.items())
        self.machine.write("/debs/probe.sh", script + "\nrm -f /var/lib/ferrule/x /debs/here; touch /var/lib/ferrule/probed\n", 0o755)
        plain = "[Service]\nType=oneshot\nUser=ferrule\nExecStart=/bin/sh /debs/probe.sh\n"
        unit = self.machine.run("cat", "/lib/systemd/system/ferrule.service")
        for line, instead in ((r"^ExecStart=.*", "ExecStart=/bin/sh /debs/probe.sh"), (r"^Type=.*", "Type=oneshot"), (r"^Restart=.*", "Restart=no"),
                              (r"^WatchdogSec=.*", ""), (r"^ExecReload=.*", ""), (r"^RuntimeDirectory.*", "")):
            unit = re.sub(line, instead, unit, flags=re.MULTILINE)
        without, within = self.probe(plain), self.probe(unit)
        expect_equal(within, set(), "what the probes got away with in the sandbox")
        expect_equal(without, set(self.PROBES), "what they get away with without it")
        self.machine.run("rm", "/etc/systemd/system/probe.service", "/home/secret")
        self.machine.run("systemctl", "daemon-reload")

    def polls(self):
        """A configuration put in force by reload: both devices are polled, the broker gets their values."""
        pid = self.box.main_pid()
        begun = time.monotonic()
        self.box.configure()
        self.box.reload()
        for device in ("boiler", "meter"):
            self.subscriber.wait_for(lambda message, name=device: message.topic.endswith(f"data/{name}") and message.json.get("values", {}).get("level") == 7,
                                     f"values of {device}")
        self.figure(f"reload to first samples of both devices at the subscriber {time.monotonic() - begun:.1f} s")
        expect_equal(self.box.main_pid(), pid, "a reload is no restart")
        # A pty stays exclusive after its last close while socat holds the other end; a real port does not.
        self.box.serial = None
        self.box.configure()
        self.box.reload()

    def start_time(self):
        """From systemctl restart to the first sample at the subscriber: 3 s natively."""
        seen = len(self.subscriber.messages)
        begun = time.monotonic()
        self.machine.run("systemctl", "restart", "ferrule")
        self.subscriber.wait_for(lambda message: "/data/" in message.topic and message.json.get("values"), "a sample after the restart", after=seen)
        took = time.monotonic() - begun
        self.figure(f"restart to first sample {took:.1f} s (limit 3 natively)")
        if self.native and not os.environ.get("FERRULE_LOADED"):
            expect(took <= 3, f"it took {took:.1f} s")

    def refused(self):
        """A wrong file changes nothing, and the journal says where it is wrong; after a restart the last good one runs."""
        right = self.machine.run("cat", CONFIG)
        self.machine.write(CONFIG, right.replace("holding:0", "holding:zero"))
        self.machine.try_run("systemctl", "reload", "ferrule")
        wait_for(lambda: "holding:zero" in self.machine.journal(), "the journal to name the mistake")
        self.machine.run("systemctl", "restart", "ferrule")
        self.box.wait_until_running()
        expect("last good" in self.machine.journal(), "it does not run on the last good configuration")
        seen = len(self.subscriber.messages)
        self.subscriber.wait_for(lambda message: "/data/" in message.topic, "samples under the last good configuration", after=seen)
        self.machine.write(CONFIG, right)
        self.box.reload()

    def outage(self, samples):
        self.broker.stop()
        return self.box.committed(self.box.uplink()["samples"]["stored"] + samples)

    def nothing_lost(self, boot, stored, text):
        """After an outage: at least `stored` samples of `boot` and before came late, and no number is missing in between."""
        self.broker.start()
        wait_for(lambda: self.box.uplink().get("connected"), "the uplink to come back", 60, every=0.2)
        wait_for(lambda: self.box.uplink()["samples"]["stored"] <= 50, lambda: f"the backlog to drain: {self.box.uplink()}", 120, every=0.2)

        def complete():
            records = self.ledger.records().get(boot, {})
            numbers = sorted(records)
            late = sum(records.values())
            return late >= stored and numbers == list(range(1, len(numbers) + 1)) and late
        late = wait_for(complete, lambda: f"all {stored} committed samples of boot {boot}: {self.holes(boot)}", 30, every=0.5)
        self.figure(f"{text}: {stored} samples were committed, {late} of that boot came, no number is missing")

    def holes(self, boot):
        numbers = sorted(self.ledger.records().get(boot, {}))
        missing = sorted(set(range(1, (numbers or [0])[-1] + 1)) - set(numbers))
        return f"{len(numbers)} records, missing {missing[:20]}"

    def kill(self):
        """kill -9 in an outage: systemd brings it back, nothing that was committed is lost."""
        boot = self.box.get("/api/v1/status")["gateway"]["boot"]
        stored = self.outage(60)
        pid = self.box.main_pid()
        self.machine.run("sh", "-c", f"kill -KILL {pid}")
        begun = time.monotonic()
        wait_for(lambda: self.box.main_pid() not in ("0", pid) and self.box.wait_until_running(), "systemd to bring it back", 60)
        self.figure(f"back {time.monotonic() - begun:.1f} s after kill -9")
        self.nothing_lost(boot, stored, "kill -9 in an outage")

    def hang(self):
        """A process that hangs is found by the watchdog and brought back."""
        self.drop_in("test-watchdog", "WatchdogSec=3", "TimeoutAbortSec=2")
        self.machine.run("systemctl", "restart", "ferrule")
        self.box.wait_until_running()
        pid = self.box.main_pid()
        self.machine.run("sh", "-c", f"kill -STOP {pid}")
        wait_for(lambda: self.box.main_pid() not in ("0", pid), "the watchdog to bring it back", 60, every=0.2)
        self.box.wait_until_running()
        expect("watchdog" in self.machine.run("journalctl", "--no-pager", "--output=cat", "_PID=1").lower(), "the journal does not name the watchdog")
        self.no_drop_in("test-watchdog")
        self.machine.run("systemctl", "restart", "ferrule")
        self.box.wait_until_running()

    def limits(self):
        """Memory and tasks can be changed in a drop-in."""
        self.drop_in("limits", "MemoryMax=1G", "TasksMax=777")
        expect_equal((self.machine.show("MemoryMax"), self.machine.show("TasksMax")), (str(1 << 30), "777"))
        self.no_drop_in("limits")
        expect_equal(self.machine.show("TasksMax"), "4096", "without the drop-in")

    def credential(self):
        """A password that only systemd reads, by the drop-in of the examples."""
        if not self.native:
            return print("        left out: systemd cannot set up credentials under emulation")
        secured = self.bench.mosquitto(passwords={"plant": "canary-7531"})
        subscriber = self.bench.subscriber(secured, username="plant", password="canary-7531")
        self.machine.write("/etc/credstore/cloud-password", "canary-7531", 0o600)
        example = self.machine.run("cat", "/usr/share/doc/ferrule/examples/systemd/credentials.conf")
        self.machine.write("/etc/credstore/client-key", "a private key", 0o600)
        self.machine.write(f"{UNIT}/credentials.conf", example.replace("#LoadCredential", "LoadCredential"))
        self.machine.run("systemctl", "daemon-reload")
        settings = self.box.settings()
        text = as_yaml(settings).replace(f"url: {self.broker.url}", f"url: {secured.url}\n    username: plant\n    password: !secret cloud-password")
        self.machine.write(CONFIG, text)
        self.machine.run("systemctl", "restart", "ferrule")
        subscriber.wait_for(lambda message: "/data/" in message.topic, "a sample at the broker that wants a password")
        expect("canary" not in self.machine.journal(), "the password stands in the journal")
        key = self.machine.run("setpriv", "--reuid=ferrule", "--regid=ferrule", "--clear-groups", "cat", "/run/credentials/ferrule.service/client-key")
        expect_equal(key, "a private key", "the key file, as the service's user reads it")
        self.box.configure()
        self.no_drop_in("credentials")
        self.machine.run("rm", "-r", "/etc/credstore")
        self.machine.run("systemctl", "restart", "ferrule")
        self.box.wait_until_running()

    def upgrade(self):
        """From the previous version with a full outbox: back within seconds, nothing lost, the configuration untouched."""
        self.machine.run("systemctl", "restart", "ferrule")
        self.box.wait_until_running()
        old = self.box.get("/api/v1/status")["gateway"]
        config = self.machine.run("cat", CONFIG)
        stored = self.outage(300)
        pid = self.box.main_pid()
        self.apt("install", "/debs/new.deb")
        wait_for(lambda: self.box.main_pid() not in ("0", pid), "the new version to be started", 30)
        self.box.wait_until_running()
        down = (int(self.machine.show("ActiveEnterTimestampMonotonic")) - int(self.machine.show("InactiveEnterTimestampMonotonic"))) / 1e6
        self.figure(f"upgrade: the service was down for {down:.1f} s (limit {BACK_LIMIT})")
        expect(0 < down <= BACK_LIMIT, f"down for {down:.1f} s")
        expect_equal(self.machine.run("cat", CONFIG), config, "the user's configuration")
        if not self.options.previous:
            self.machine.run("test", "-e", CONFIG + ".dpkg-dist")  # the default did change
        self.nothing_lost(old["boot"], stored, "upgrade with a backlog")

    def remove(self):
        """Keeps the data; the service, the program and the process go."""
        self.apt("remove", "ferrule")
        expect(self.machine.try_run("test", "-e", "/var/lib/ferrule/outbox.db").returncode == 0, "removal took the outbox")
        expect(self.machine.try_run("test", "-e", CONFIG).returncode == 0, "removal took the configuration")
        expect_equal(processes(self.machine), [], "processes of ferrule")
        expect(self.machine.try_run("test", "-e", "/usr/bin/ferrule").returncode != 0, "the program is still there")

    def purge(self):
        """Leaves nothing: no file, user, group, unit or process."""
        self.apt("purge", "ferrule")
        self.no_units()
        self.nothing_left()

    def no_units(self):
        """systemd has let go of the unit; it does so a moment after the last question about it."""
        def known():
            return self.machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "ferrule*")
        wait_for(lambda: not known(), lambda: f"systemd to forget {known()}", 10)

    def nothing_left(self):
        self.apt("autoremove", "--purge")
        left = snapshot(self.machine) - self.before
        expect(not left, f"left behind: {sorted(left)}")
        gone = self.before - snapshot(self.machine)
        expect(not gone, f"taken away: {sorted(gone)}")

    def stubborn(self):
        """A purge goes through to its end where something cannot go, and names it: a disk of its own for the data, another process of the user."""
        if not self.native:
            return print("        left out: the maintainer scripts are the same for every architecture")
        self.apt("install", "/debs/new.deb")
        self.machine.run("systemctl", "stop", "ferrule")
        self.machine.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib/ferrule")
        self.machine.run("systemctl", "start", "ferrule")
        self.box.wait_until_running()
        self.machine.run("test", "-e", "/var/lib/ferrule/outbox.db")
        self.machine.run("systemctl", "set-property", "ferrule.service", "TasksMax=777")
        self.drop_in("impatient", "TimeoutStopSec=1")
        self.machine.run("systemd-run", "--unit=holder", "--uid=ferrule", "sleep", "1000")
        self.machine.run("sh", "-c", f"kill -STOP {self.box.main_pid()}")  # it has to be killed when it is to stop: the unit ends as failed
        said = self.apt("purge", "ferrule")
        self.no_units()
        for what in ("/var/lib/ferrule", "the user ferrule"):
            expect(f"purge left {what}" in said, f"it does not say that it left {what}:\n{said}")
        expect_equal(self.machine.run("ls", "-A", "/var/lib/ferrule"), "", "what is left of the data")
        self.machine.run("systemctl", "stop", "holder")
        self.machine.run("umount", "/var/lib/ferrule")
        self.machine.run("rm", "-r", "/var/lib/ferrule")  # what lay under the mount
        self.machine.run("userdel", "ferrule")
        self.nothing_left()

    def cycle(self):
        """install → run → upgrade → purge."""
        self.apt("install", "/debs/old.deb")
        self.box.configure()
        self.box.reload()
        seen = len(self.subscriber.messages)
        self.subscriber.wait_for(lambda message: "/data/" in message.topic, "a sample", after=seen)
        pid = self.box.main_pid()
        self.apt("install", "/debs/new.deb")
        wait_for(lambda: self.box.main_pid() not in ("0", pid), "the new version to be started", 30)
        self.box.wait_until_running()
        self.purge()


STEPS = ["sockets", "exposure", "escapes", "polls", "start_time", "refused", "kill", "hang", "limits", "credential", "upgrade", "remove", "purge", "stubborn"]


def main():
    parser = argparse.ArgumentParser(prog="packaging/test-deb")
    parser.add_argument("arch")
    parser.add_argument("root")
    parser.add_argument("package")
    parser.add_argument("--cycles", type=int, default=0)
    parser.add_argument("--previous")
    parser.add_argument("--only", default="", help=f"of {', '.join(STEPS)}")
    options = parser.parse_args()
    only = [step for step in options.only.split(",") if step]
    steps = ["prepare", "install", *(only or STEPS), *["cycle"] * options.cycles]
    if options.cycles and "purge" not in steps:
        steps.insert(len(steps) - options.cycles, "purge")
    bench, begun, done = Bench(), time.monotonic(), ""
    try:
        life = Life(bench, options)
        for number, step in enumerate(steps):
            done, at = step, time.monotonic()
            getattr(life, step)()
            print(f"ok      {step} ({time.monotonic() - at:.1f} s) {number + 1}/{len(steps)}", flush=True)
        print(f"{options.arch}: {len(steps)} steps in {time.monotonic() - begun:.0f} s")
    except Exception:
        print(f"FAILED  {done}", file=sys.stderr)
        print(f"---- journal\n{life.machine.journal('--lines=60')}", file=sys.stderr)
        bench.print_logs()
        raise
    finally:
        bench.close()


if __name__ == "__main__":
    main()
