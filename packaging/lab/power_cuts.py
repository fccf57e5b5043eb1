"""See power-cuts, which starts this. SIGTERM: one more cut, the drain, and the sum."""
import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/process"), str(TOP / "tests/fakes"), str(TOP / "packaging/system")]

from box import Ledger  # noqa: E402
from counting_device import CountingDevice  # noqa: E402
from harness import Bench, Failure, expect  # noqa: E402
from vm import LAB, LINE_PORT, Vm  # noqa: E402
from witness import WEAKENED, Witness, promises, store_on  # noqa: E402

DEVICE_PORT, BROKER_PORT = 15020, 15021  # as in guest/ferrule.yaml
BOOT_LIMIT = 400  # seconds until the gateway answers; 15 on an idle machine
LONGEST = {"outage": 6, "upgrade": 40}  # seconds that a gateway runs on after its first commits, at most


def uplink(line):
    return line["status"]["uplinks"][0]


def waiting(line):
    return uplink(line)["samples"]["stored"]


class Cuts:
    def __init__(self, bench, options):
        self.options, self.random = options, random.Random(options.seed)
        self.disk = LAB / "run.ext4"
        subprocess.run(["cp", "--sparse=always", LAB / "disk.ext4", self.disk], check=True)
        bench.pymodbus("--port", str(LINE_PORT), "--rtu", "--mute-missing", "--registers", json.dumps({"1": {"holding": {"0": list(range(10))}}}))
        self.device = CountingDevice(DEVICE_PORT)
        self.broker = bench.mosquitto(port=BROKER_PORT)
        self.subscriber = bench.subscriber(self.broker, "ferrule/#")
        self.witness, self.ledger = Witness(self.device, self.subscriber), Ledger(self.subscriber)
        self.broker.stop()
        self.done = self.boots = self.cut_in_upgrade = self.corrupt = self.half = 0

    def check_port(self, vm):
        """The package's udev rule: modem daemons keep off, the adapter does not hold bytes back, the group may use it."""
        line = vm.wait_for(lambda line: line["port"], 120, "the serial adapter")
        expect(line["port"] == "1/1/dialout", f"ID_MM_PORT_IGNORE / latency_timer / group of the adapter: {line['port']}")

    def boot(self, name, phase):
        """The machine with a gateway that answers and whose store is as it was."""
        vm, begun = Vm(self.disk, phase, name), time.monotonic()
        try:
            line = vm.wait_for(lambda line: line["up"], BOOT_LIMIT, "the gateway to answer after a boot")
            self.boots += 1
            if "corrupt" in line["files"] or "salvage" in line["files"] or line["status"]["outbox"].get("trouble"):
                self.corrupt += 1
                self.say(f"the store is damaged: {line['files']} {line['status']['outbox']}")
            return vm, line, time.monotonic() - begun
        except BaseException:
            vm.cut()
            raise

    def one(self, number):
        begun = time.monotonic()
        phase = "upgrade" if number % 2 == 0 else "outage"
        vm, line, took = self.boot(number, phase)
        try:
            vm.wait_for(lambda _: promises(number, vm.lines), 120, "the first commits")
            if number == 1:
                self.check_port(vm)
            time.sleep(self.random.uniform(0, LONGEST[phase]))
        finally:
            vm.cut()
        made = promises(number, vm.lines)
        self.witness.open += made
        if self.options.weaken:
            WEAKENED[self.options.weaken](self.disk)
        wrong = store_on(self.disk)
        self.corrupt += bool(wrong)
        package = vm.lines[-1]["package"]
        self.half += "installed" != package.split()[-1]
        self.cut_in_upgrade += phase == "upgrade"
        vm.console.unlink(missing_ok=True)
        boots = ", ".join(f"{len(promise)} committed by boot {promise.boot}" for promise in made)
        self.say(f"cut {number}/{self.options.cuts}: {phase}, up after {took:.0f} s, package '{package}', {waiting(line)} samples at the start, {boots}; "
                 f"the store on the disk is {wrong or 'whole'}; {time.monotonic() - begun:.0f} s")

    def drain(self, number):
        """The broker comes back: all that was committed before any cut must come, and no record may be missing between two others."""
        self.broker.start()
        vm, _, _ = self.boot(f"drain{number}", "outage")
        try:
            vm.wait_for(lambda line: line["up"] and uplink(line)["connected"] and waiting(line) < 50, 600, "the backlog to drain")
            end = time.monotonic() + 60
            while (self.witness.missing() or self.holes()) and time.monotonic() < end:
                time.sleep(1)
        finally:
            vm.cut()
        self.broker.stop()
        for boot, missing in self.holes().items():
            self.say(f"boot {boot} lacks records {missing[:20]}")
        expect(not self.witness.invented(), f"numbers that no device served: {self.witness.invented()}")
        serial = sum('"values"' in message.payload.decode() for message in self.subscriber.on_topic("meter"))
        missing = self.witness.settle()
        for lost, promise in missing.items():
            self.say(f"number {lost} was committed by boot {promise.boot} before cut {promise.cut}, and did not come")
        expect(serial, "no value that was read over the serial adapter came")
        self.say(f"drained: {self.witness.kept} numbers were promised and came, {len(self.witness.lost)} did not; "
                 f"{serial} messages with values read over the serial adapter")

    def holes(self):
        """{boot: its records that are missing between others}"""
        found = {}
        for boot, records in self.ledger.records().items():
            missing = sorted(set(range(1, max(records) + 1)) - set(records))
            if missing:
                found[boot] = missing
        return found

    def say(self, text):
        print(text, flush=True)
        with open(LAB / "cuts.log", "a") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def run(self):
        enough = []
        signal.signal(signal.SIGTERM, lambda *_: enough.append(True))
        try:
            for number in range(1, self.options.cuts + 1):
                self.one(number)
                self.done = number
                if enough or number % self.options.drain_every == 0 or number == self.options.cuts:
                    self.drain(number)
                if enough:
                    break
        finally:
            self.say(f"{self.done} of {self.options.cuts} cuts ({self.cut_in_upgrade} during upgrades, {self.half} found the package half installed): "
                     f"{self.boots} boots, {self.witness.kept} committed numbers came, {len(self.witness.lost)} committed samples lost, "
                     f"{self.corrupt} corrupt stores")
        return not self.witness.lost and not self.corrupt and not self.holes()


def main():
    parser = argparse.ArgumentParser(prog="packaging/lab/power-cuts")
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--drain-every", type=int, default=15)
    parser.add_argument("--weaken", choices=WEAKENED, help="breaks the store after each cut; it is a failure if that is not found")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1000000)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    bench = Bench()
    try:
        good = Cuts(bench, options).run()
        return 0 if good == (options.weaken is None) else 1
    finally:
        bench.close()


if __name__ == "__main__":
    sys.exit(main())
