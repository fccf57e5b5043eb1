#!/usr/bin/python3
"""The cycle time of a saturated serial line beside the wire's own limit and beside what `ferrule plan` predicts. Never part of the
test run.

    FERRULE=build/release/ferrule tests/bench/serial_line.py            9,600 and 115,200 baud, about a minute
    FERRULE=build/release/ferrule tests/bench/serial_line.py 19200      another rate
    FERRULE=build/release/ferrule tests/bench/serial_line.py --realtime both programs before all others of this machine (root): on a
                                                                        busy one, else the queue for the processor is measured

The line is a pseudo terminal; its peer (`ferrule simulate`, `serial: { baud }`) takes for each byte the time that a UART takes and
answers after the device's turnaround. The wire's limit of a request: the bytes of both frames, the turnaround, and 3.5 characters of
silence (1.75 ms above 19,200 baud) before the next. FERRULE_BENCH_SECONDS (20) is how long each rate is watched.
"""
import json
import os
import subprocess
import sys
import time

import figures
from figures import row
from harness import FERRULE, Bench, expect, wait_for

SECONDS = float(os.environ.get("FERRULE_BENCH_SECONDS", "20"))
BITS = 11  # of a character: start, 8 data, even parity, stop
TURNAROUND = {1: 0.005, 2: 0.005, 3: 0.002, 4: 0.010}  # by unit
READS = {1: (10, 2), 2: (60,), 3: (125, 10), 4: (1,)}  # registers of each request, by unit
SLACK = 0.05


def wire_limit(baud, frame_bytes, requests):
    """Seconds that these need on the wire: so many bytes, so many requests by unit."""
    character = BITS / baud
    silence = 3.5 * character if baud <= 19200 else 0.00175
    return frame_bytes * character + sum(count * (TURNAROUND[unit] + silence) for unit, count in requests.items())


def first_of(number):
    return 1000 * number  # far apart: they do not become one request


def plant_of(link, baud):
    return {"endpoints": [{"serial": {"link": str(link), "baud": baud, "parity": "even"}}],
            "devices": [{"unit_id": unit, "turnaround": f"{TURNAROUND[unit] * 1000:g}ms", "registers": [
                {"address": f"holding:{first_of(n)}", "count": count, "value": unit} for n, count in enumerate(counts)]}
                for unit, counts in READS.items()]}


def config_of(link, baud):
    return {"gateway": {"id": "bench"}, "channels": [
        {"name": "line", "driver": "modbus", "serial": {"port": str(link), "baud": baud, "parity": "even"}, "devices": [
            {"name": f"unit{unit}", "unit_id": unit, "turnaround": f"{TURNAROUND[unit] * 1000:g}ms", "every": "10ms", "tags": [
                {"name": f"r{n}_{{n}}", "address": f"holding:{first_of(n)}", "count": count, "type": "uint16"}
                for n, count in enumerate(counts)]} for unit, counts in READS.items()]}]}


def planned(gateway):
    """Seconds of one cycle and its requests, as `ferrule plan` has them."""
    result = subprocess.run([FERRULE, "plan", "--json", str(gateway.config_file)], capture_output=True, text=True)
    requests = json.loads(result.stdout)["channels"][0]["requests"]
    return sum(request["cost_ms"] for request in requests) / 1000, len(requests)


class Counts:
    def __init__(self, gateway):
        self.at = time.monotonic()
        channel = gateway.get("/api/v1/channels")["channels"][0]
        self.bytes = channel["bytes_out"] + channel["bytes_in"]
        self.missed = channel["requests"] - channel["answered"]
        devices = gateway.get("/api/v1/devices")["devices"]
        self.requests = {int(device["name"][4:]): device["requests"] for device in devices}
        self.polls = {int(device["name"][4:]): device["polls"] for device in devices}


def at_a_poll(gateway):
    """The counts when the slowest unit's next poll ends: so that no request is counted by halves."""
    polls = Counts(gateway).polls[3]
    while True:
        now = Counts(gateway)
        if now.polls[3] != polls:
            return now
        time.sleep(0.002)


def go_first(pid):
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setscheduler(int(thread), os.SCHED_FIFO, os.sched_param(50))


def cycle(baud, realtime):
    bench = Bench()
    try:
        link = bench.folder / "line"
        plant = bench.plant(plant_of(link, baud))
        gateway = bench.gateway(config_of(link, baud))
        predicted, requests = planned(gateway)
        limit = wire_limit(baud, sum(13 + 2 * count for reads in READS.values() for count in reads), {u: len(r) for u, r in READS.items()})
        expect(requests == sum(map(len, READS.values())), f"{requests} requests a cycle")
        wait_for(lambda: all(d["online"] for d in gateway.get("/api/v1/devices")["devices"]), "every unit to answer", 30)
        for program in (gateway.program, plant.program) if realtime else ():
            go_first(program.pid)
        time.sleep(2)
        before = at_a_poll(gateway)
        cpu = [figures.cpu_seconds(p.program.pid) for p in (gateway, plant)]
        time.sleep(SECONDS)
        after = at_a_poll(gateway)
        cpu = [(figures.cpu_seconds(p.program.pid) - b) / (after.at - before.at) for p, b in zip((gateway, plant), cpu)]
    finally:
        bench.close()
    # By the time that just these bytes and requests need: exact whether the units had the same number of polls or not.
    done = wire_limit(baud, after.bytes - before.bytes, {unit: after.requests[unit] - before.requests[unit] for unit in READS})
    measured = limit * (after.at - before.at) / done
    row(f"{baud} baud: cycle beyond the wire's limit", (measured / limit - 1) * 100, "%", SLACK * 100)
    row(f"{baud} baud: plan apart from what is measured", abs(predicted / measured - 1) * 100, "%", SLACK * 100)
    row(f"{baud} baud: requests without an answer", after.missed, "", 0)
    print(f"  cycle of {requests} requests: limit {limit * 1000:.2f} ms, planned {predicted * 1000:.2f} ms, measured {measured * 1000:.2f} ms"
          f" ({(measured - limit) / requests * 1e6:.0f} us a request more); polls of the units {[after.polls[unit] - before.polls[unit] for unit in READS]};"
          f" cores: gateway {cpu[0]:.3f}, plant {cpu[1]:.3f}", flush=True)


if __name__ == "__main__":
    rates = [argument for argument in sys.argv[1:] if argument != "--realtime"]
    for rate in rates or (9600, 115200):
        cycle(int(rate), "--realtime" in sys.argv)
