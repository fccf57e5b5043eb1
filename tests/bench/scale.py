#!/usr/bin/python3
"""How much one gateway carries, with everything (simulated plant, gateway, mosquitto, subscriber) on the same machine. Prints each
figure beside its limit, and the exchanges that the loopback itself carries. Never part of the test run.

    FERRULE=build/release/ferrule tests/bench/scale.py                 all, about 5 minutes
    FERRULE=build/release/ferrule tests/bench/scale.py fast            one of: fast most slow500 each500 slow2000

FERRULE_BENCH_SECONDS (60) is how long each is watched. Every tag is a register that counts faster than it is read, so each value that
arrives can be seen to be fresh. build/release/tests/bench_loopback, where it is built, says first what the loopback itself carries.
"""
import json
import pathlib
import re
import subprocess
import time

from figures import SECONDS, cpu_seconds, row, rss_mb, run_benches, status_kb
import harness
from harness import Bench, wait_for

import paho.mqtt.client

START_UP = 12  # seconds: after 10 a gateway gives back what only its start needed
LOOPBACK = pathlib.Path(harness.FERRULE).parent / "tests/bench_loopback"
HEAD = re.compile(rb'"device":"([^"]+)".{0,60}?"seq":(\d+),"timestamp":(\d+)')


class Counting:
    """A subscriber that keeps of each record its device, number, time and how many values it has, and some records whole."""

    KEEP_EACH = 97

    def __init__(self, bench, broker):
        self.records, self.kept, self.bad, self.bytes, self.messages = [], [], 0, 0, 0
        self.client = paho.mqtt.client.Client("counting")
        self.client.on_connect = lambda client, *_: client.subscribe("ferrule/v1/bench/data/#", 1)
        self.client.on_message = self.take
        bench.closers.append(self.client.disconnect)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def take(self, _client, _userdata, message):
        payload = message.payload
        self.messages += 1
        self.bytes += len(payload)
        if b'"bad":' in payload:
            self.bad += 1
        heads = HEAD.findall(payload)
        values = sum(part[:part.index(b"}")].count(b'":') for part in payload.split(b'"values":{')[1:])
        self.records.append((time.monotonic(), heads, values))
        if self.messages % self.KEEP_EACH == 0:
            self.kept.append(payload)

    def between(self, begin, end, read_since=0):
        """What arrived then. What was read before `read_since` (UTC, ms) is the backlog of the start and does not count."""
        records = [record for record in self.records if begin <= record[0] < end and record[1] and int(record[1][0][2]) >= read_since]
        return [(device, int(seq), int(stamp)) for _, heads, _ in records for device, seq, stamp in heads], sum(r[2] for r in records)


def plant_of(devices, registers, every):
    return {"endpoints": [{"tcp": {"listen": "0.0.0.0", "port": 0}}], "devices": [{"unit_id": 1, "registers": [
        {"address": "holding:0", "count": registers, "type": "uint16", "shape": "counter", "step": 1, "spread": 1, "every": every}]}]}


def config_of(port, url, devices, registers, every, publish):
    """Each device on an endpoint of its own: 127.1.x.y are all this machine, and the plant listens on all of them. `publish`: batches
    of that period with the records of all devices; without it each poll is a message."""
    batches = f', topic: "ferrule/v1/{{gateway}}/data", publish: {{ every: {publish} }}' if publish else ""
    lines = ["gateway: { id: bench }", "rest: { listen: 127.0.0.1:0 }",
             f"uplinks: [{{ name: cloud, mqtt: {{ url: \"{url}\" }}{batches} }}]",
             "channels:"]
    for n in range(devices):
        lines += [f"  - name: c{n}", "    driver: modbus", f"    tcp: {{ host: 127.1.{n // 250}.{n % 250 + 1}, port: {port} }}",
                  f"    devices: [{{ name: d{n}, every: {every}, tags: [{{ name: \"r{{n}}\", address: holding:0, count: {registers}, type: uint16 }}] }}]"]
    return "\n".join(lines) + "\n"


class Run:
    """One gateway at work on so many devices, watched for a while."""

    def __init__(self, bench, devices, registers, period, seconds, publish=None):
        plant = bench.plant(plant_of(devices, registers, f"{max(1, period // 2)}ms"))
        broker = bench.mosquitto()
        subscriber = Counting(bench, broker)
        gateway = bench.gateway(config_of(plant.port, broker.url, devices, registers, f"{period}ms", publish), ready=False)
        gateway.wait_until_ready(60)
        ready = time.monotonic()
        pid = gateway.program.pid
        wait_for(lambda: len({d for d, _, _ in subscriber.between(0, time.monotonic())[0]}) == devices, "a record of each device", 60, every=1)
        time.sleep(max(3.0, START_UP - (time.monotonic() - ready)))
        programs = {"gateway": pid, "plant": plant.program.pid, "broker": broker.program.pid}
        begun, read_since, before = time.monotonic(), (time.time() - 2) * 1000, {name: cpu_seconds(p) for name, p in programs.items()}
        channels = gateway.get("/api/v1/channels")["channels"]
        self.peak = 0
        while time.monotonic() - begun < seconds:
            time.sleep(1)
            self.peak = max(self.peak, rss_mb(pid))
        ended = time.monotonic()
        self.cpu = {name: (cpu_seconds(p) - before[name]) / (ended - begun) for name, p in programs.items()}
        after = gateway.get("/api/v1/channels")["channels"]
        uplink = gateway.get("/api/v1/uplinks")["uplinks"][0]
        self.overruns = sum(c["overruns"] for c in after) - sum(c["overruns"] for c in channels)
        self.exchanges = (sum(c["requests"] for c in after) - sum(c["requests"] for c in channels)) / (ended - begun)
        self.waiting = uplink["waiting_records"]
        heads, values = subscriber.between(begun, ended, read_since)
        self.seconds = ended - begun
        self.tags = values / self.seconds
        self.messages = sum(1 for record in subscriber.records if begun <= record[0] < ended) / self.seconds
        self.bad = subscriber.bad
        stamps = {}
        for device, _, stamp in heads:
            stamps.setdefault(device, []).append(stamp)
        gaps = [b - a for times in stamps.values() for a, b in zip(sorted(times), sorted(times)[1:])]
        self.devices = len(stamps)
        self.late = sum(1 for gap in gaps if gap > 1.5 * period)
        self.highest = status_kb(pid, "VmHWM") / 1024
        self.fresh = fresh(subscriber.kept)
        self.backlog_grew = uplink["waiting_records"] > 5 * devices

    def print(self):
        print(f"  {self.tags:,.0f} tags/s at the subscriber in {self.messages:,.0f} messages/s, {self.exchanges:,.0f} exchanges/s, "
              f"{self.overruns} overruns, {self.late} intervals longer than 1.5 periods, {self.bad} messages with bad values, "
              f"{self.waiting} records waiting; cores: " + ", ".join(f"{n} {c:.3f}" for n, c in self.cpu.items())
              + f"; RSS {self.peak:.1f} MB, highest ever {self.highest:.1f} MB", flush=True)


def fresh(payloads):
    """Each kept record that is not the first of its device differs from the one before it in every value."""
    last, stale = {}, 0
    for payload in payloads:
        document = json.loads(payload)
        for record in document if isinstance(document, list) else [document]:
            before = last.get(record["device"])
            if before:
                stale += sum(1 for name, value in record["values"].items() if before.get(name) == value)
            last[record["device"]] = record["values"]
    return stale


def fast(bench):
    """50 devices x 800 registers each 100 ms, each poll published."""
    run = Run(bench, 50, 800, 100, SECONDS)
    row("fast: cores of the gateway at 400,000 tags/s", run.cpu["gateway"], "cores", 0.3)
    row("fast: tags that did not arrive", max(0, 400_000 - run.tags) / 4_000, "%", 1)
    row("fast: stale values among those compared", run.fresh, "", 0)
    run.print()


def most(bench):
    """50 devices x 800 registers, faster and faster, until polls are missed: the highest rate that is sustained."""
    best = 0
    for period in (50, 40, 33, 25, 20):
        inner = Bench()
        try:
            run = Run(inner, 50, 800, period, min(SECONDS, 20))
        finally:
            inner.close()
        wanted = 50 * 800 * 1000 / period
        good = run.tags >= 0.99 * wanted and run.overruns <= run.exchanges * 0.001 and run.fresh == 0 and not run.backlog_grew
        print(f"  period {period} ms, {wanted:,.0f} tags/s wanted: {'sustained' if good else 'not sustained'}")
        run.print()
        if not good:
            break
        best = run.tags
    row("most: 800,000 / highest sustained rate of fresh tags/s", 800_000 / max(best, 1), "", 1)


def slow500(bench):
    """500 devices x 30 registers each second, published in batches of a second."""
    run = Run(bench, 500, 30, 1000, SECONDS, publish="1s")
    row("slow500: share of one core", run.cpu["gateway"] * 100, "%", 5)
    row("slow500: RSS (highest of one a second)", run.peak, "MB", 30)
    row("slow500: tags that did not arrive", max(0, 15_000 - run.tags) / 150, "%", 1)
    row("slow500: overruns", run.overruns, "", 0)
    run.print()


def each500(bench):
    """The same, each poll of each device a message of its own (no limit is set for it)."""
    run = Run(bench, 500, 30, 1000, SECONDS)
    run.print()


def slow2000(bench):
    """2,000 devices x 150 registers each second, published in batches of a second."""
    run = Run(bench, 2000, 150, 1000, SECONDS, publish="1s")
    row("slow2000: RSS (highest of one a second)", run.peak, "MB", 120)
    row("slow2000: tags that did not arrive", max(0, 300_000 - run.tags) / 3_000, "%", 1)
    row("slow2000: overruns", run.overruns, "", 0)
    row("slow2000: intervals between two readings longer than 1.5 s", run.late, "", 0)
    run.print()


def main():
    if LOOPBACK.exists():
        subprocess.run([LOOPBACK], check=True)
    run_benches({"fast": fast, "most": most, "slow500": slow500, "each500": each500, "slow2000": slow2000})


if __name__ == "__main__":
    main()
