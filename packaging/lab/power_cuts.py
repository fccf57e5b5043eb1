"""See power-cuts, which starts this. SIGTERM: one more cut, the drain, and the sum."""
import argparse
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/process"), str(TOP / "packaging/system")]

from box import Ledger  # noqa: E402
from harness import Bench, Failure, expect  # noqa: E402

LAB = TOP / "build/lab"
DEVICE_PORT, BROKER_PORT, LINE_PORT = 15020, 15021, 15022  # as in guest/ferrule.yaml; the last is the far end of the serial adapter
BOOT_LIMIT = 400  # seconds until the gateway answers; 20 on an idle machine
LONGEST = 15  # seconds that a gateway runs before the cut, at most


class Vm:
    """The machine; its disk outlives it. `lines` are what the agent in it said since the start, decoded."""

    def __init__(self, disk, phase, number):
        self.port, self.console = LAB / "agent.out", LAB / f"console.{number}.log"
        self.port.write_bytes(b"")
        self.read, self.rest, self.lines = 0, b"", []
        command = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a72", "-accel", "tcg", "-smp", "1", "-m", "640",
                   "-display", "none", "-nodefaults", "-no-reboot", "-serial", f"file:{self.console}",
                   "-kernel", LAB / "vmlinuz", "-initrd", LAB / "initrd",
                   "-append", f"root=/dev/vda rw console=ttyAMA0 quiet systemd.show_status=0 panic=-1 lab={phase}",
                   "-drive", f"file={disk},if=virtio,format=qcow2,cache=writeback",
                   "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
                   "-device", "virtio-serial-pci", "-chardev", f"file,id=agent,path={self.port}", "-device", "virtserialport,chardev=agent,name=lab",
                   "-device", "qemu-xhci", "-chardev", f"socket,id=line,host=127.0.0.1,port={LINE_PORT},reconnect=1",
                   "-device", "usb-serial,chardev=line"]
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL)

    def look(self):
        """Reads what is new; the last complete line, if any came."""
        with open(self.port, "rb") as file:
            file.seek(self.read)
            new = file.read()
        self.read += len(new)
        *whole, self.rest = (self.rest + new).split(b"\n")
        for line in whole:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                pass  # a line that the cut of the port's buffer split
        return self.lines[-1] if self.lines else None

    def wait_for(self, condition, limit, text):
        end = time.monotonic() + limit
        while True:
            line = self.look()
            if line and condition(line):
                return line
            if self.process.poll() is not None:
                raise Failure(f"qemu ended with {self.process.returncode} while waiting for {text}; see {self.console}")
            if time.monotonic() > end:
                raise Failure(f"waited {limit} s for {text}; last {str(line)[:1500]}; see {self.console}")
            time.sleep(0.2)

    def cut(self):
        self.process.kill()
        self.process.wait()
        self.look()


def waiting(line):
    return line["uplinks"][0]["samples"]["stored"] if isinstance(line["uplinks"], list) else line["uplinks"]["uplinks"][0]["samples"]["stored"]


def connected(line):
    return (line["uplinks"] if isinstance(line["uplinks"], list) else line["uplinks"]["uplinks"])[0]["connected"]


def boot_of(line):
    return line["status"]["gateway"]["boot"]


def committed(lines):
    """(boot, samples on disk for certain) by what the gateway had said: what waited two commits before the last that was seen, in the
    latest boot that said so. An upgrade restarts the gateway, so one run of the machine may have several boots."""
    alive = [line for line in lines if line["up"]]
    for boot in sorted({boot_of(line) for line in alive}, reverse=True):
        mine = [line for line in alive if boot_of(line) == boot]
        last = mine[-1]["outbox"]["commits"]
        sure = [waiting(line) for line in mine if line["outbox"]["commits"] + 2 <= last]
        if sure:
            return boot, max(sure)
    return None


class Cuts:
    def __init__(self, bench, options):
        self.bench, self.options = bench, options
        self.random = random.Random(options.seed)
        self.disk = LAB / "run.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", LAB / "disk.ext4", self.disk], check=True)
        registers = json.dumps({"1": {"holding": {"0": list(range(100))}}})
        bench.pymodbus("--port", str(DEVICE_PORT), "--registers", registers)
        bench.pymodbus("--port", str(LINE_PORT), "--rtu", "--mute-missing", "--registers", registers)
        self.broker = bench.mosquitto(port=BROKER_PORT)
        self.subscriber = bench.subscriber(self.broker, "ferrule/#")
        self.ledger = Ledger(self.subscriber)
        self.broker.stop()
        self.promises = []  # (boot, samples) since the last drain
        self.delivered_boots = set()
        self.boots = self.cut_in_upgrade = self.lost = self.corrupt = self.half = 0

    def check_port(self, vm):
        """The package's udev rule: modem daemons keep off, the adapter does not hold bytes back, the group may use it."""
        line = vm.wait_for(lambda line: line["port"], 120, "the serial adapter")
        expect(line["port"] == "1/1/dialout", f"ID_MM_PORT_IGNORE / latency_timer / group of the adapter: {line['port']}")

    def check_store(self, line):
        """A store that was found damaged is set aside or says so."""
        if "corrupt" in line["files"] or "salvage" in line["files"] or line["outbox"].get("trouble"):
            self.corrupt += 1
            raise Failure(f"the store is damaged: {line['files']} {line['outbox']}")

    def boot(self, number, phase):
        vm = Vm(self.disk, phase, number)
        try:
            begun = time.monotonic()
            line = vm.wait_for(lambda line: line["up"], BOOT_LIMIT, "the gateway to answer after a boot")
            self.boots += 1
            self.check_store(line)
            if self.promises and waiting(line) < self.promises[-1][1]:
                self.lost += self.promises[-1][1] - waiting(line)
                raise Failure(f"{self.promises[-1][1]} samples were committed, {waiting(line)} are there")
            return vm, line, time.monotonic() - begun
        except BaseException:
            vm.cut()
            raise

    def one(self, number):
        phase = "upgrade" if number % 2 == 0 else "outage"
        vm, line, took = self.boot(number, phase)
        try:
            vm.wait_for(lambda _: committed(vm.lines), 120, "a commit")
            if number == 1:
                self.check_port(vm)
            time.sleep(self.random.uniform(0, LONGEST))
        finally:
            vm.cut()
        promise = committed(vm.lines)
        self.promises.append(promise)
        for seen in filter(lambda seen: seen["up"], vm.lines):
            self.check_store(seen)
        package = vm.lines[-1]["package"]
        self.half += "installed" not in package
        self.cut_in_upgrade += phase == "upgrade"
        (LAB / f"console.{number}.log").unlink(missing_ok=True)
        self.say(f"cut {number}/{self.options.cuts}: {phase}, up after {took:.0f} s as boot {boot_of(line)}, package '{package}', "
                 f"{waiting(line)} samples at the start, {promise[1]} committed at the cut; lost {self.lost}, corrupt {self.corrupt}")

    def drain(self, number):
        """The broker comes back: everything that was committed since the last drain must come, without a hole."""
        self.broker.start()
        vm, line, _ = self.boot(f"drain{number}", "outage")
        try:
            vm.wait_for(lambda line: line["up"] and connected(line) and waiting(line) < 200, 600, "the backlog to drain")
            end = time.monotonic() + 60
            while self.missing() and time.monotonic() < end:
                time.sleep(1)
        finally:
            vm.cut()
        self.broker.stop()
        trouble = self.missing()
        records = self.ledger.records()
        serial = sum('"device":"meter"' in message.payload.decode() and '"values"' in message.payload.decode()
                     for message in self.subscriber.on_topic("meter"))
        self.say(f"drained: {sum(sum(one.values()) for one in records.values())} samples of {len(records)} boots have come, "
                 f"{serial} messages with values read over the serial adapter; {trouble or 'nothing is missing'}")
        expect(not trouble, trouble)
        self.promises.clear()
        self.delivered_boots |= set(records)

    def missing(self):
        records = {boot: one for boot, one in self.ledger.records().items() if boot not in self.delivered_boots}
        for boot, one in sorted(records.items()):
            holes = sorted(set(range(1, max(one) + 1)) - set(one))
            if holes:
                return f"boot {boot} lacks records {holes[:20]} of {max(one)}"
        for boot, samples in self.promises:
            came = sum(sum(one.values()) for its_boot, one in records.items() if its_boot <= boot)
            if came < samples:
                return f"{samples} samples were committed up to boot {boot}, {came} came"
        return None

    def say(self, text):
        print(text, flush=True)
        with open(LAB / "cuts.log", "a") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def run(self):
        done = 0
        enough = []
        signal.signal(signal.SIGTERM, lambda *_: enough.append(True))
        try:
            for number in range(1, self.options.cuts + 1):
                self.one(number)
                done = number
                if enough or number % self.options.drain_every == 0 or number == self.options.cuts:
                    self.drain(number)
                if enough:
                    break
        finally:
            self.say(f"{done} of {self.options.cuts} cuts ({self.cut_in_upgrade} during upgrades, {self.half} found the package half installed): "
                     f"{self.boots} boots, {self.lost} committed samples lost, {self.corrupt} corrupt stores")


def main():
    parser = argparse.ArgumentParser(prog="packaging/lab/power-cuts")
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--drain-every", type=int, default=15)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1000000)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    bench = Bench()
    try:
        Cuts(bench, options).run()
    finally:
        bench.close()
        shutil.rmtree(LAB / "tmp", ignore_errors=True)


if __name__ == "__main__":
    main()
