#!/usr/bin/python3
"""The cycle time of a saturated serial line beside the wire's own limit and beside what `ferrule plan` predicts. Never part of the
test run.

    FERRULE=build/release/ferrule tests/bench/serial_line.py            9,600 and 115,200 baud, about a minute
    FERRULE=build/release/ferrule tests/bench/serial_line.py 19200      another rate

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


def wire_limits(baud):
    """Seconds of one poll of each unit."""
    character = BITS / baud
    silence = 3.5 * character if baud <= 19200 else 0.00175
    return {unit: sum((8 + 5 + 2 * count) * character + TURNAROUND[unit] + silence for count in counts) for unit, counts in READS.items()}


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


def counts(gateway):
    return {d["name"]: (d["polls"], d["requests"], d["answered"]) for d in gateway.get("/api/v1/devices")["devices"]}


def cycle(baud):
    bench = Bench()
    try:
        link = bench.folder / "line"
        plant = bench.plant(plant_of(link, baud))
        gateway = bench.gateway(config_of(link, baud))
        predicted, requests = planned(gateway)
        limits = wire_limits(baud)
        limit = sum(limits.values())
        expect(requests == sum(map(len, READS.values())), f"{requests} requests a cycle")
        wait_for(lambda: all(d["online"] for d in gateway.get("/api/v1/devices")["devices"]), "every unit to answer", 30)
        time.sleep(2)
        begun, before = time.monotonic(), counts(gateway)
        cpu = [figures.cpu_seconds(p.program.pid) for p in (gateway, plant)]
        time.sleep(SECONDS)
        ended, after = time.monotonic(), counts(gateway)
        cpu = [(figures.cpu_seconds(p.program.pid) - b) / (ended - begun) for p, b in zip((gateway, plant), cpu)]
    finally:
        bench.close()
    polls = {unit: after[f"unit{unit}"][0] - before[f"unit{unit}"][0] for unit in READS}
    missed = sum(requests - answered for _, requests, answered in after.values())
    # Of the time that all polls together took: exact whether the units had the same number of them or not.
    measured = (ended - begun) * limit / sum(polls[unit] * limits[unit] for unit in READS)
    row(f"{baud} baud: cycle beyond the wire's limit", (measured / limit - 1) * 100, "%", SLACK * 100)
    row(f"{baud} baud: plan apart from what is measured", abs(predicted / measured - 1) * 100, "%", SLACK * 100)
    row(f"{baud} baud: requests without an answer", missed, "", 0)
    print(f"  cycle of {requests} requests: limit {limit * 1000:.2f} ms, planned {predicted * 1000:.2f} ms, measured {measured * 1000:.2f} ms"
          f" ({(measured - limit) / requests * 1e6:.0f} us a request more); polls of the units {list(polls.values())};"
          f" cores: gateway {cpu[0]:.3f}, plant {cpu[1]:.3f}", flush=True)


if __name__ == "__main__":
    for rate in sys.argv[1:] or (9600, 115200):
        cycle(int(rate))
