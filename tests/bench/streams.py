#!/usr/bin/python3
"""What raw TCP devices that push cost, and what bad ones do to the others. Prints each figure beside its limit.

    cmake --build build/release --target ferrule bench_stream_load
    FERRULE=build/release/ferrule tests/bench/streams.py            all, about 5 minutes
    FERRULE=build/release/ferrule tests/bench/streams.py many       one of: memory many bad

Latencies are from the device's send() to the message at an MQTT subscriber, so bus, uplink and broker are in them. They are taken
from each 100th device; the others have a deadband that nothing passes, so that the broker is not what is measured. FERRULE_BENCH_SECONDS (60) is how long the steady load of `many` is watched.
"""
import os
import pathlib
import re
import subprocess
import time

from figures import SECONDS, row, run_benches, status_kb
from harness import FERRULE, free_port, wait_for

import paho.mqtt.client

DEVICES = int(os.environ.get("FERRULE_BENCH_DEVICES", "10000"))
STARTED = 12  # by then the gateway has given back what only its start needed
WATCHED = 100  # each so many-th device is forwarded
LOAD = pathlib.Path(FERRULE).resolve().parent / "tests" / "bench_stream_load"
SENT = re.compile(rb'"sent":(\d+)')
COUNT = re.compile(rb'"count":(\d+)')
STAMP = re.compile(rb'"timestamp":(\d+)')


class Load:
    """bench_stream_load, obeying."""

    def __init__(self, bench, port, connections):
        self.process = subprocess.Popen([str(LOAD), str(port), str(connections)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        bench.closers.append(self.process.kill)
        assert self.process.stdout.readline() == "connected\n"

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def answer(self):
        return [float(word) for word in self.process.stdout.readline().split()]

    def ask(self, *words):
        self.tell(*words)
        return self.answer()


class Watching:
    """A subscriber that keeps when each frame was sent and has come, and when the polled line was read."""

    def __init__(self, bench, broker):
        self.latencies_ms, self.polls = [], []
        self.client = paho.mqtt.client.Client("watching")
        self.client.on_connect = lambda client, *_: client.subscribe("ferrule/v1/s/data/#", 0)
        self.client.on_message = self.take
        bench.closers.append(self.client.disconnect)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def take(self, _client, _userdata, message):
        now = time.time()
        if message.topic.endswith("/boiler"):
            self.polls.append(int(STAMP.search(message.payload)[1]))
        elif sent := SENT.search(message.payload):
            self.latencies_ms.append(now * 1000 - int(sent[1]) / 1000)

    def late_polls(self, period_ms):
        """Intervals that were more than half a period too long, and how many there were."""
        gaps = [b - a for a, b in zip(self.polls, self.polls[1:])]
        return sum(1 for gap in gaps if gap > 1.5 * period_ms), len(gaps)


def polled_line(bench):
    plant = bench.plant({"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}], "devices": [{"unit_id": 1, "registers": [
        {"address": "holding:0", "count": 10, "type": "uint16", "shape": "counter", "step": 1, "every": "50ms"}]}]})
    return ["  - name: line", "    driver: modbus", f"    tcp: {{ host: 127.0.0.1, port: {plant.port} }}",
            "    devices: [{ name: boiler, every: 50ms, tags: [{ name: \"r{n}\", address: holding:0, count: 10, type: uint16 }] }]"]


def frames_config(port, broker, line, devices):
    lines = ["gateway: { id: s }", "rest: { listen: 127.0.0.1:0 }", f"uplinks: [{{ name: cloud, mqtt: {{ url: \"{broker.url}\" }} }}]", "channels:", *line,
             "  - name: field", "    driver: tcp", f"    listen: {{ port: {port}, max_connections: {devices + 100}, max_per_address: {devices + 100} }}",
             "    frame: { kind: fixed, length: 64, start: FRL1 }", "    payload: { format: binary }", "    id: { at: 4, type: uint32 }", "    devices:"]
    for n in range(devices):
        deadband = "" if n % WATCHED == 0 else ", deadband: 1e18"
        lines += [f"      - {{ name: d{n}, id: \"{n}\", tags: [{{ name: count, at: 8, type: uint32{deadband} }}, {{ name: sent, at: 12, type: uint64{deadband} }}] }}"]
    return "\n".join(lines) + "\n"


def events(gateway):
    return next(one for one in gateway.get("/api/v1/channels")["channels"] if one["name"] == "field")


def p99(values):
    return sorted(values)[int(len(values) * 0.99)] if values else float("inf")


def arrived(gateway, frames):
    """Messages that the channel has taken, once they are as many as were sent, or no more come."""
    try:
        wait_for(lambda: events(gateway)["answered"] >= frames, "the frames", 5)
    except Exception:  # noqa: S110: the figure tells
        pass
    return events(gateway)["answered"]


def settled_kb(pid, patience=60):
    """RssAnon once it has stood still for 5 s."""
    last, since, ended = 0, time.monotonic(), time.monotonic() + patience
    while time.monotonic() < ended and time.monotonic() - since < 5:
        now = status_kb(pid, "RssAnon")
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.5)
    return last


def memory(bench):
    """User memory of a connection: RssAnon with 10,000 connections that have each sent a frame and begun another, above that before."""
    broker, port = bench.mosquitto(), free_port()
    gateway = bench.gateway(frames_config(port, broker, [], DEVICES), ready=False)
    gateway.wait_until_ready(60)
    wait_for(lambda: "listens" in gateway.log(), "the port")
    time.sleep(STARTED)
    pid, before = gateway.program.pid, settled_kb(gateway.program.pid)
    warm = Load(bench, port, DEVICES)  # the devices' values and states have their place from now on
    arrived(gateway, int(warm.ask("steady", 10, 10)[0]))
    first = settled_kb(pid)
    warm.process.kill()
    wait_for(lambda: events(gateway)["events"].get("closed: by the device", 0) + events(gateway)["events"].get("closed: link lost", 0) == DEVICES, "all to be gone")
    without = settled_kb(pid)
    load = Load(bench, port, DEVICES)
    arrived(gateway, 2 * int(load.ask("steady", 10, 10)[0]))
    load.ask("drip", 1, 10)
    connected = settled_kb(pid)
    row("memory: a connection, above the gateway before any came", max(first, connected) * 1024 / DEVICES - before * 1024 / DEVICES, "bytes", 2048)
    print(f"  RssAnon: {before} kB with {DEVICES} devices in the configuration, {first} kB when they have connected and sent, {without} kB when "
          f"they have gone, {connected} kB with all of them back and a frame begun")


def many(bench):
    """10,000 devices on a connection each, a frame of 64 bytes each 10 s, then 12,000 frames within a second."""
    broker, port = bench.mosquitto(), free_port()
    watching = Watching(bench, broker)
    gateway = bench.gateway(frames_config(port, broker, polled_line(bench), DEVICES), ready=False)
    gateway.wait_until_ready(60)
    wait_for(lambda: "listens" in gateway.log(), "the port")
    wait_for(lambda: len(watching.polls) > 20, "the polled line")
    pid = gateway.program.pid
    load = Load(bench, port, DEVICES)
    sent = int(load.ask("steady", 10, 10)[0])  # the first frame of each: now they are known
    arrived(gateway, sent)
    time.sleep(2)
    watching.latencies_ms.clear()
    watching.polls.clear()
    sent += int(load.ask("steady", SECONDS, 10)[0])
    row("many: p99 from send() to the subscriber, steady", p99(watching.latencies_ms), "ms", 50)
    steady = len(watching.latencies_ms)
    watching.latencies_ms.clear()
    burst, lag = load.ask("burst", 12000)
    sent += int(burst)
    taken = arrived(gateway, sent)
    time.sleep(1)
    row("many: p99 from send() to the subscriber, burst of 12,000/s", p99(watching.latencies_ms), "ms", 50)
    row("many: frames lost", sent - taken, "", 0)
    row("many: frames dropped, connections closed", sum(n for what, n in events(gateway).get("events", {}).items() if what.startswith(("dropped", "closed"))), "", 0)
    late, polls = watching.late_polls(50)
    row("many: polls of another channel late by more than half a period", 100 * late / max(polls, 1), "%", 0.1)
    values = [gateway.get(f"/api/v1/values/d{n}.count")["value"] for n in range(0, DEVICES, max(1, DEVICES // 500))]
    wanted = [sent // DEVICES + (1 if n < sent % DEVICES else 0) for n in range(0, DEVICES, max(1, DEVICES // 500))]
    row("many: devices of 500 whose last frame is not the last that was sent", sum(1 for a, b in zip(values, wanted) if a != b), "", 0)
    print(f"  {sent} frames of {DEVICES} devices; latencies of {steady} steady ones and {len(watching.latencies_ms)} in the burst, worst "
          f"{max(watching.latencies_ms):.1f} ms; the load itself was at most {lag:.1f} ms behind; {polls} polls, {late} late; {events(gateway).get('events')}; "
          f"RSS {status_kb(pid, 'VmRSS') / 1024:.1f} MB")


def bad(bench):
    """2,000 connections that send a byte each 10 s, and one that sends 100 MB without a delimiter."""
    broker, port = bench.mosquitto(), free_port()
    watching = Watching(bench, broker)
    line = polled_line(bench)
    gateway = bench.gateway("\n".join(["gateway: { id: s }", "rest: { listen: 127.0.0.1:0 }", f"uplinks: [{{ name: cloud, mqtt: {{ url: \"{broker.url}\" }} }}]",
                                       "channels:", *line, "  - name: field", "    driver: tcp", f"    listen: {{ port: {port}, max_connections: 4000, max_per_address: 4000, hello_within: 50s }}",
                                       "    frame: { kind: delimiter, end: '\\n', timeout: 40s }", "    id: { at: '1' }", "    payload: { format: delimited }",
                                       "    devices: [{ name: probe, id: probe, tags: [{ name: t, at: '2' }] }]"]) + "\n", ready=False)
    gateway.wait_until_ready()
    wait_for(lambda: "listens" in gateway.log(), "the port")
    wait_for(lambda: len(watching.polls) > 20, "the polled line")
    pid = gateway.program.pid
    time.sleep(2)
    before, highest = status_kb(pid, "VmRSS"), 0
    load, flood = Load(bench, port, 2000), Load(bench, port, 0)
    load.tell("drip", 60, 10)
    watching.polls.clear()
    time.sleep(3)
    taken = flood.ask("flood", 100)[0]
    ended = time.monotonic() + 56
    while time.monotonic() < ended:
        time.sleep(0.25)
        highest = max(highest, status_kb(pid, "VmRSS"))
    closed = load.answer()[0]
    late, polls = watching.late_polls(50)
    row("bad: memory above that before", (highest - before) / 1024, "MB", 32)
    row("bad: polls of another channel late by more than half a period", 100 * late / max(polls, 1), "%", 0.1)
    row("bad: connections of 2,000 that were not closed at their limit", 2000 - closed, "", 0)
    counted = events(gateway).get("events", {})
    row("bad: connections closed without a counted reason", 2001 - sum(n for what, n in counted.items() if what.startswith("closed")), "", 0)
    print(f"  {taken / 2**20:.1f} MiB of the flood were taken before it was closed; {polls} polls, {late} late; {counted}")


def main():
    run_benches({"memory": memory, "many": many, "bad": bad})


if __name__ == "__main__":
    main()
