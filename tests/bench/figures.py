#!/usr/bin/python3
"""Measures the real program against real peers and prints each figure beside its limit. Never part of the test run.

    FERRULE=build/release/ferrule tests/bench/figures.py            all, about 5 minutes
    FERRULE=build/release/ferrule tests/bench/figures.py latency    one of: throughput latency idle config
"""
import os
import pathlib
import socket
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "process"))
from harness import FERRULE, Bench, expect, wait_for  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
SECONDS = float(os.environ.get("FERRULE_BENCH_SECONDS", "60"))


def row(name, value, unit, limit):
    ratio = value / limit if limit else 0
    print(f"{name:<58} {value:>10.3f} {unit:<12} limit {limit:<8g} ratio {ratio:5.2f}{'   OVER' if ratio > 1 else ''}", flush=True)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def status_kb(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


def rss_mb(pid):
    return status_kb(pid, "VmRSS") / 1024


def registers_config(port, url, count, every="100ms"):
    return f"""
gateway: {{ id: bench }}
channels:
  - name: line
    driver: modbus
    tcp: {{ host: 127.0.0.1, port: {port} }}
    devices:
      - name: machine
        every: {every}
        tags:
          - {{ name: "r{{n}}", address: holding:0, count: {count}, type: uint16 }}
uplinks:
  - {{ name: cloud, mqtt: {{ url: "{url}" }} }}
rest: {{ listen: 127.0.0.1:0 }}
"""


def throughput(bench):
    """10,000 holding registers of one TCP device each 100 ms, published as JSON with QoS 1."""
    plant = bench.plant({"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}], "devices": [{"unit_id": 1, "registers": [
        {"address": "holding:0", "count": 10000, "type": "uint16", "shape": "counter", "step": 1, "every": "100ms"}]}]})
    broker = bench.mosquitto()
    subscriber = bench.subscriber(broker, "ferrule/v1/bench/data/#")
    gateway = bench.gateway(registers_config(plant.port, broker.url, 10000))
    subscriber.wait_for_all(lambda all_: len(all_) >= 20, "the first messages")
    pid, began, cpu, first = gateway.program.pid, time.monotonic(), cpu_seconds(gateway.program.pid), len(subscriber.messages)
    plant_cpu = cpu_seconds(plant.program.pid)
    peak = 0
    while time.monotonic() - began < SECONDS:
        time.sleep(1)
        peak = max(peak, rss_mb(pid))
    elapsed, cpu = time.monotonic() - began, cpu_seconds(pid) - cpu
    plant_cpu = cpu_seconds(plant.program.pid) - plant_cpu
    messages = [m.json for m in subscriber.messages[first:]]
    stamps = [m["timestamp"] for m in messages]
    # The first tag's own time: later requests of a poll come up to a few ms after it.
    period = (stamps[-1] - stamps[0]) / (len(stamps) - 1)
    seqs = [m["seq"] for m in messages]
    expect(all(len(m["values"]) == 10000 and "bad" not in m for m in messages), "each message has 10,000 good values")
    gaps = sum(1 for a, b in zip(seqs, seqs[1:]) if b != a + 1)
    row("throughput: CPU a minute", cpu * 60 / elapsed, "s", 8)
    row("throughput: RSS (highest of one a second)", peak, "MB", 25)
    row("throughput: deviation of the mean period from 100 ms", abs(period - 100), "%", 1)
    row("throughput: sequence numbers missing or doubled", gaps, "", 0)
    print(f"  {len(messages)} messages, mean period {period:.4f} ms, {len(subscriber.messages[-1].payload)} bytes each, "
          f"the simulated plant took {plant_cpu * 60 / elapsed:.2f} CPU-s a minute")


def read_register(connection, address):
    connection.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, address, 1))
    reply = connection.recv(64)
    return struct.unpack(">H", reply[9:11])[0]


def latency(bench):
    """From a register's change to the message at a subscriber, 100 ms polling. The register changes each 137 ms, so that the
    changes fall everywhere between two polls."""
    plant = bench.plant({"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}], "devices": [{"unit_id": 1, "registers": [
        {"address": "holding:0", "type": "uint16", "shape": "counter", "step": 1, "every": "137ms"}]}]})
    broker = bench.mosquitto()
    subscriber = bench.subscriber(broker, "ferrule/v1/bench/data/#")
    with socket.create_connection(("127.0.0.1", plant.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        before = read_register(connection, 0)
        while read_register(connection, 0) == before:
            pass
        changed = time.monotonic()  # within a fraction of a millisecond of the change to before + 1
    bench.gateway(registers_config(plant.port, broker.url, 1))
    subscriber.wait_for_all(lambda all_: len(all_) >= 20, "the first messages")
    time.sleep(SECONDS)
    latencies, last = [], None
    for message in subscriber.messages:
        value = message.json["values"]["r1"]
        if last is not None and value == last + 1:
            latencies.append((message.at - (changed + (value - before - 1) * 0.137)) * 1000)
        last = value
    latencies.sort()
    row("latency: median from change to subscriber", statistics.median(latencies), "ms", 55)
    row("latency: p99", latencies[int(len(latencies) * 0.99)], "ms", 110)
    print(f"  {len(latencies)} changes, least {latencies[0]:.1f} ms, most {latencies[-1]:.1f} ms")


def idle(bench):
    """A gateway with one MQTT uplink and nothing to do."""
    broker = bench.mosquitto()
    gateway = bench.gateway(f"gateway: {{ id: idle }}\nuplinks: [{{ name: cloud, mqtt: {{ url: \"{broker.url}\" }} }}]\n"
                            "rest: { listen: 127.0.0.1:0 }\n")
    wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0]["connected"], "the uplink to connect")
    pid, began, cpu = gateway.program.pid, time.monotonic(), cpu_seconds(gateway.program.pid)
    time.sleep(SECONDS)
    row("idle: CPU a minute", (cpu_seconds(pid) - cpu) * 60 / (time.monotonic() - began), "s", 0.1)
    row("idle: RSS", rss_mb(pid), "MB", 10)
    print(f"  of it private memory {status_kb(pid, 'RssAnon') / 1024:.1f} MB, pages of files {status_kb(pid, 'RssFile') / 1024:.1f} MB")


def config(bench):
    """40,000 tags, a line each."""
    lines = ["gateway: { id: large }", "rest: { listen: 127.0.0.1:0 }", "channels:"]
    for channel in range(8):
        lines += [f"  - name: line_{channel}", "    driver: modbus", f"    tcp: {{ host: 127.0.0.1, port: {channel + 1} }}", "    devices:",
                  f"      - name: machine_{channel}", "        every: 1h", "        tags:"]
        lines += [f"          - {{ name: r{n}, address: holding:{n}, type: uint16 }}" for n in range(5000)]
    text = "\n".join(lines) + "\n"
    file = bench.folder / "large.yaml"
    file.write_text(text)
    times = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([FERRULE, "check", str(file), "--state", str(bench.folder), "--runtime", str(bench.folder)], check=True,
                       stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - began)
    row("config: `ferrule check` of 40,000 tags, median of 3", statistics.median(times), "s", 2)
    small = bench.gateway("gateway: { id: small }\nrest: { listen: 127.0.0.1:0 }\n", name="small")
    large = bench.gateway(text, name="large", ready=False)
    large.wait_until_ready()
    row("config: RSS of a gateway with them, above an empty one", rss_mb(large.program.pid) - rss_mb(small.program.pid), "MB", 60)
    row("config: highest RSS while loading, above an empty one",
        (status_kb(large.program.pid, "VmHWM") - status_kb(small.program.pid, "VmRSS")) / 1024, "MB", 60)


def run_benches(benches):
    """Those that the command line names, or all: each with a bench of its own, whose logs are shown where it fails."""
    for name in sys.argv[1:] or list(benches):
        bench = Bench()
        try:
            print(f"{name}: {' '.join(benches[name].__doc__.split())}", flush=True)
            benches[name](bench)
        except BaseException:
            bench.print_logs()
            raise
        finally:
            bench.close()


def main():
    run_benches({"throughput": throughput, "latency": latency, "idle": idle, "config": config})


if __name__ == "__main__":
    main()
