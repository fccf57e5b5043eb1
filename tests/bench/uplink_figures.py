#!/usr/bin/python3
"""Measures the way of a backlog and of write: ahead through the real program. Prints each figure beside its limit.

    FERRULE=build/release/ferrule tests/bench/uplink_figures.py          all, about 5 minutes
    FERRULE=build/release/ferrule tests/bench/uplink_figures.py drain    one of: drain ahead
"""
import time

from figures import Bench, cpu_seconds, row, rss_mb, run_benches, wait_for

DEVICES, TAGS = range(1, 21), 10
LIVE = 100  # messages a second, each of 10 samples: 20 devices each 200 ms
BACKLOG_SECONDS = 600


def plant_of(devices, tags):
    return {"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}], "devices": [{"unit_id": unit, "registers": [
        {"address": "holding:0", "count": tags, "type": "uint16", "shape": "counter", "step": 1, "every": "100ms"}]} for unit in devices]}


def config(port, url, devices, tags, every, **outbox):
    return {
        "gateway": {"id": "bench"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": port}, "devices": [
            {"name": f"machine_{unit}", "unit_id": unit, "every": every, "tags": [
                {"name": "r{n}", "address": "holding:0", "count": tags, "type": "uint16"}]} for unit in devices]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": url}}],
        "outbox": outbox,
    }


def latencies(listener):
    """ms from reading to arrival, sorted, of the messages since the last call."""
    wall_ahead = time.time() - time.monotonic()
    return sorted((message.at + wall_ahead) * 1000 - message.json["timestamp"] for message in listener.new())


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def uplink(gateway):
    return gateway.get("/api/v1/uplinks")["uplinks"][0]


def drain(bench):
    """A backlog of 10 minutes of 1,000 samples/s, 100 messages/s, while live data goes on at that rate. It is built by polling twenty
    times as fast for half a minute while the broker is down; the measurement begins when the broker is back and the period is as before."""
    plant, broker = bench.plant(plant_of(DEVICES, TAGS)), bench.mosquitto()
    slow = config(plant.port, broker.url, DEVICES, TAGS, "200ms")
    gateway = bench.gateway(slow)
    live = bench.listener(broker, "ferrule/v1/bench/data/#")
    wait_for(lambda: uplink(gateway)["samples"]["sent"] > 10000, "live data")
    live.new()
    time.sleep(20)  # the time under test
    usual = latencies(live)
    broker.kill()
    gateway.configure(config(plant.port, broker.url, DEVICES, TAGS, "10ms"))
    gateway.reload()
    wait_for(lambda: uplink(gateway)["waiting_records"] >= LIVE * BACKLOG_SECONDS, "the backlog to be built", 240, every=0.5)
    gateway.configure(slow)
    gateway.reload()
    time.sleep(2)
    backlog = uplink(gateway)["waiting_records"]
    broker.start()
    live = bench.listener(broker, "ferrule/v1/bench/data/#")
    wait_for(lambda: uplink(gateway)["connected"], "the uplink to connect", every=0.005)
    began, pid = time.monotonic(), gateway.program.pid
    cpu = cpu_seconds(pid)
    wait_for(lambda: uplink(gateway)["waiting_records"] < 2 * LIVE, "the backlog to drain", 300, every=0.05)
    seconds = time.monotonic() - began
    during = latencies(live)
    row("drain: live rate / rate of the backlog", LIVE / (backlog / seconds), "", 1 / 12)
    row("drain: p99 of live / twice the usual p99", percentile(during, 0.99) / 2 / percentile(usual, 0.99), "", 1)
    print(f"  {backlog} records in {seconds:.1f} s = {backlog / seconds:.0f}/s, {backlog / seconds / LIVE:.1f} times the live rate, "
          f"{(cpu_seconds(pid) - cpu) / seconds:.2f} cores")
    for name, values in (("usual", usual), ("during", during)):
        print(f"  live, {name}: {len(values)} messages, median {percentile(values, 0.5):.1f} ms, p99 {percentile(values, 0.99):.1f} ms, "
              f"most {values[-1]:.1f} ms; ack {uplink(gateway)['ack_ms']:.1f} ms now")


def ahead(_bench):
    """100,000 samples/s through PUBACK with write: ahead: one device of 10,000 tags each 100 ms, then 100 devices of 100 tags."""
    for devices, tags in ((range(1, 2), 10000), (range(1, 101), 100)):
        one = Bench()
        try:
            plant, broker = one.plant(plant_of(devices, tags)), one.mosquitto()
            gateway = one.gateway(config(plant.port, broker.url, devices, tags, "100ms", write="ahead"))
            wait_for(lambda: uplink(gateway)["samples"]["sent"] > 300000, "the first messages")
            pid, began = gateway.program.pid, time.monotonic()
            cpu, before = cpu_seconds(pid), uplink(gateway)["samples"]
            time.sleep(30)
            after, seconds = uplink(gateway)["samples"], time.monotonic() - began
            used = (cpu_seconds(pid) - cpu) / seconds
            sent = (after["sent"] - before["sent"]) / seconds
            row(f"ahead, {len(devices)} x {tags} tags: cores for 100,000 samples/s", used * 100000 / sent, "cores", 1)
            row(f"ahead, {len(devices)} x {tags} tags: samples/s asked / acknowledged", 100000 / sent, "", 1.01)
            print(f"  {sent:.0f} samples/s acknowledged, {after['stored']} stored now, {rss_mb(pid):.0f} MB, outbox {gateway.get('/api/v1/outbox')}")
        finally:
            one.close()


def main():
    run_benches({"drain": drain, "ahead": ahead})


if __name__ == "__main__":
    main()
