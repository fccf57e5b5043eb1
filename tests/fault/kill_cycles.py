#!/usr/bin/python3
"""kill -9 of the real program under load, again and again, against a real broker: what is lost, what comes twice, how soon it is back.

    FERRULE=build/release/ferrule tests/fault/kill_cycles.py --cycles 1000

Several gateways run side by side, each with a device that remembers every number it served, a network that fails, a broker and a
subscriber of its own. The judge (judge.py) knows only what was served, what came out, and when the program was killed. Some
further cycles end with a clean stop (SIGTERM) during an outage: that may lose nothing.

--weaken breaks the outbox on purpose: `forget` empties it after each kill, `late` lets it write an hour later than promised,
`rewind` puts back the file of an earlier stop. Then the judge must object, and the exit code is 1 if it does not: the test of
this test.
"""
import argparse
import contextlib
import pathlib
import random
import shutil
import sqlite3
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "process"), str(TESTS / "fakes")]
from counting_device import CountingDevice  # noqa: E402
from harness import Bench, wait_for  # noqa: E402
from judge import Arrival, Judge, Stop  # noqa: E402
from relay import Relay  # noqa: E402

GATEWAYS = 8
LIVES = ("healthy", "outage", "silence", "backlog", "away")
FOUND_OUT = {"forget": ("is lost",), "late": ("is lost",), "rewind": ("came again", "repeats after one stop", " is both ")}
OUTBOXES = ({}, {"flush_after": "250ms"}, {"flush_after": "100ms"}, {"write": "ahead"})


class Cell:
    """One gateway with its world. Runs cycles until the common supply of them is used up."""

    def __init__(self, number, weaken):
        self.bench, self.random, self.weaken = Bench(), random.Random(number), weaken
        self.outbox = OUTBOXES[number % len(OUTBOXES)]
        self.device = CountingDevice()
        self.broker = self.bench.mosquitto()
        self.relay = Relay(self.broker.port)
        self.listener = self.bench.listener(self.broker, "ferrule/v1/#")
        self.gateway, self.lives, self.stops, self.ready = None, [], [], []
        self.trouble = None

    def flush_after(self):
        if self.outbox.get("write") == "ahead":
            return 0
        return float(self.outbox.get("flush_after", "1000ms").removesuffix("ms")) / 1000

    def config(self):
        outbox = dict(self.outbox)
        if self.weaken == "late":
            outbox = {"flush_after": "1h"}
        return {
            "gateway": {"id": "killed"},
            # The device is never too late: a number that it served was read.
            "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": self.device.port}, "devices": [
                {"name": "machine", "every": "10ms", "timeout": "60s", "tags": [{"name": "number", "address": "holding:0", "type": "uint32"}]}]}],
            "uplinks": [{"name": "cloud", "mqtt": {"url": f"mqtt://127.0.0.1:{self.relay.port}"}}],
            "outbox": outbox,
        }

    def start(self):
        began = time.monotonic()
        if self.gateway is None:
            self.gateway = self.bench.gateway(self.config())
        else:
            self.gateway.start()
        self.ready.append(time.monotonic() - began)

    def live(self, life):
        """The program runs for a while, and the network does what `life` says."""
        self.start()
        rest = self.random.uniform
        if life == "healthy":
            time.sleep(rest(0.1, 2.0))
        elif life in ("outage", "silence"):  # it begins while the program runs
            time.sleep(rest(0.1, 0.6))
            self.relay.close() if life == "outage" else self.relay.silence()
            time.sleep(rest(0.1, 1.6))
        elif life == "backlog":  # it ends while the program runs: killed while the backlog drains, or before
            time.sleep(rest(0, 0.4))
            self.relay.open()
            time.sleep(rest(0, 1.4))
        else:
            time.sleep(rest(0.1, 1.6))

    def cycle(self):
        """One life and its end. False: it was a clean stop."""
        away = self.relay.state != "open"
        life = self.random.choice(("backlog", "backlog", "away") if away else LIVES[:3])
        self.live(life)
        clean = self.relay.state == "closed" and self.random.random() < 0.4
        self.end(clean)
        self.lives.append(life)
        self.damage()
        return not clean

    def end(self, clean):
        at = time.monotonic()
        self.gateway.stop(10) if clean else self.gateway.kill()
        over = time.monotonic()
        wait_for(lambda: self.device.open == 0, "the device to see the end")
        self.stops.append(Stop(at, over, len(self.device.served), clean))

    def damage(self):
        files = lambda: list(self.gateway.state.glob("outbox.db*"))  # noqa: E731
        if self.weaken == "forget":
            with contextlib.closing(sqlite3.connect(self.gateway.state / "outbox.db", isolation_level=None)) as file:
                file.execute("DELETE FROM blocks")
        if self.weaken == "rewind":
            old = self.bench.folder / "old"
            if len(self.stops) % 5 == 1:
                shutil.rmtree(old, ignore_errors=True)
                old.mkdir()
                for file in files():
                    shutil.copy(file, old)
            elif len(self.stops) % 5 == 0:
                for file in files():
                    file.unlink()
                for file in old.iterdir():
                    shutil.copy(file, self.gateway.state)

    def drain(self):
        """A last start with a good network, and then no device any more; everything that is left comes out."""
        self.relay.open()
        self.start()
        config = self.config()
        config["channels"] = []
        self.gateway.configure(config)
        left = time.monotonic()
        self.gateway.reload()
        wait_for(lambda: self.device.open == 0, "the device to be left alone")
        uplink = lambda: self.gateway.get("/api/v1/uplinks")["uplinks"][0]  # noqa: E731
        wait_for(lambda: uplink()["waiting_records"] == 0, lambda: f"the backlog to drain: {uplink()}", 30, every=0.2)
        self.gateway.stop(10)
        self.stops.append(Stop(left, time.monotonic(), len(self.device.served), clean=True))
        self.listener.catch_up()

    def arrivals(self):
        found = []
        for message in self.listener.messages:
            if "/data/" not in message.topic and "/history/" not in message.topic:
                continue
            body = message.json
            found += [Arrival(message.at, number, body["boot"], body["seq"]) for number in body.get("values", {}).values()]
        return found

    def verdict(self):
        cuts = [at for at, state in self.relay.changes if state != "open"]
        judge = Judge(self.device.served, self.stops, cuts, self.flush_after())
        return judge, judge.verdict(self.arrivals())

    def close(self):
        self.bench.close()
        self.relay.end()
        self.device.close()


class Supply:
    """The kills that are still to be done, shared by all cells."""

    def __init__(self, kills):
        self.kills, self.taken, self.lock, self.began = kills, 0, threading.Lock(), time.monotonic()

    def take(self):
        with self.lock:
            if self.taken == self.kills:
                return False
            self.taken += 1
            if self.taken % max(1, self.kills // 10) == 0:
                print(f"  {self.taken} of {self.kills} kills, {time.monotonic() - self.began:.0f} s", flush=True)
            return True


def work(cell, supply):
    try:
        while supply.take():
            while not cell.cycle():  # a clean stop
                pass
        cell.drain()
    except Exception as error:
        cell.trouble = error


def report(cells):
    faults, ready, verdicts = [], [], []
    for number, cell in enumerate(cells):
        if cell.trouble:
            faults.append(f"gateway {number}: {cell.trouble}")
            cell.bench.print_logs()
            continue
        judge, verdict = cell.verdict()
        faults += [f"gateway {number} ({cell.outbox or 'flush_after 1 s'}): {fault}" for fault in verdict.faults]
        ready += cell.ready
        verdicts.append(verdict)
    stops = [stop for cell in cells for stop in cell.stops]
    kills = sum(not stop.clean for stop in stops)
    print(f"{kills} kills, {len(stops) - kills} clean stops, lives: "
          + ", ".join(f"{sum(cell.lives.count(life) for cell in cells)} {life}" for life in LIVES))
    if verdicts:
        served, delivered = sum(v.served for v in verdicts), sum(v.delivered for v in verdicts)
        print(f"served {served}, delivered {delivered}, missing {served - delivered} (all younger than flush_after and a commit)")
        print(f"oldest missing, beyond flush_after: {max(v.oldest_missing for v in verdicts):.3f} s (limit {Judge.COMMIT} s)")
        print(f"repeats {sum(v.repeats for v in verdicts)}, at most {max(v.most_repeats for v in verdicts)} after one stop or cut")
    if ready:
        ready.sort()
        print(f"ready again: median {ready[len(ready) // 2]:.2f} s, p99 {ready[int(len(ready) * 0.99)]:.2f} s, most {ready[-1]:.2f} s (limit 3 s)")
        if ready[-1] > 3:
            faults.append(f"ready only after {ready[-1]:.2f} s")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=100, help="kills; clean stops come on top")
    parser.add_argument("--gateways", type=int, default=GATEWAYS)
    parser.add_argument("--weaken", choices=("forget", "late", "rewind"))
    options = parser.parse_args()
    cells = [Cell(number, options.weaken) for number in range(options.gateways)]
    try:
        supply = Supply(options.cycles)
        threads = [threading.Thread(target=work, args=(cell, supply)) for cell in cells]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        faults = report(cells)
    finally:
        for cell in cells:
            cell.close()
    for fault in faults[:20 if not options.weaken else 3]:
        print(f"FAULT {fault}", file=sys.stderr)
    print(f"kill cycles: {len(faults)} faults in {time.monotonic() - supply.began:.0f} s")
    if options.weaken:
        found = any(words in fault for fault in faults for words in FOUND_OUT[options.weaken])
        print(f"the weakened outbox ({options.weaken}) was {'found out' if found else 'NOT found out'}")
        sys.exit(0 if found else 1)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
