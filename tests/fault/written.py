#!/usr/bin/python3
"""How many bytes does the program write to the disk in a day, at 1,000 samples/s? Measured by the kernel (/proc/PID/io, write_bytes).

    FERRULE=build/release/ferrule tests/fault/written.py --seconds 60

well    a link that is well: limit 100 MB a day
away    through an outage: limit 2.5 GB a day
"""
import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "process"))
from harness import Bench, expect, wait_for  # noqa: E402

LIMITS = {"well": 100e6, "away": 2.5e9}  # bytes a day
TAGS = 1000  # read once a second, slow waves with noise on them


def site(bench):
    plant = bench.plant({
        "endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
        "devices": [{"unit_id": 1, "registers": [
            {"address": f"holding:{100 * row}", "type": "float32", "count": 50, "shape": "random_walk", "mean": 20 + row, "amplitude": 5,
             "period": "600s", "seed": row} for row in range(TAGS // 50)]}]})
    broker = bench.mosquitto()
    tags = [{"name": f"r{row}_{{n}}", "address": f"holding:{100 * row}", "count": 50, "type": "float32"} for row in range(TAGS // 50)]
    gateway = bench.gateway({
        "gateway": {"id": "written"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port},
                      "devices": [{"name": "machine", "unit_id": 1, "every": "1s", "tags": tags}]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}]})
    return broker, gateway


def written(gateway):
    fields = dict(line.split(": ") for line in pathlib.Path(f"/proc/{gateway.program.pid}/io").read_text().splitlines())
    return int(fields["write_bytes"])


def samples(gateway):
    return gateway.get("/api/v1/uplinks")["uplinks"][0]["samples"]["read"]


def measure(gateway, state, seconds):
    begun, bytes_before, samples_before = time.monotonic(), written(gateway), samples(gateway)
    time.sleep(seconds)
    took = time.monotonic() - begun
    a_day = (written(gateway) - bytes_before) / took * 86_400
    rate = (samples(gateway) - samples_before) / took
    print(f"{state}: {a_day / 1e6:.1f} MB a day at {rate:.0f} samples/s (limit {LIMITS[state] / 1e6:.0f})", flush=True)
    expect(rate > 0.9 * TAGS, f"only {rate:.0f} samples/s were read")
    return a_day <= LIMITS[state]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=60)
    seconds = arguments.parse_args().seconds
    bench = Bench()
    try:
        broker, gateway = site(bench)
        wait_for(lambda: samples(gateway) > 2 * TAGS, "samples to be read")
        well = measure(gateway, "well", seconds)
        broker.stop()
        wait_for(lambda: gateway.get("/api/v1/outbox")["blocks"] > 0, "a block to be stored")
        away = measure(gateway, "away", seconds)
    finally:
        bench.close()
    sys.exit(0 if well and away else 1)


if __name__ == "__main__":
    main()
