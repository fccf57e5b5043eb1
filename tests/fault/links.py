#!/usr/bin/python3
"""The link to the broker fails in the ways that links do; how soon is it noticed, how soon does data come again, does all of it come?

    FERRULE=build/release/ferrule tests/fault/links.py --outages 12 --flaps 300        the whole proof, about 10 minutes of waiting
    tests/fault/links.py --outages 1 --flaps 24                                        what CI runs

silence   a broker that answers no more (frozen, or behind a network that swallows everything): limit 30 s, busy or idle
returns   from the return of the network to the first message of data: limit 10 s (p95)
flaps     the network fails for 3 s out of 6, in each way: every number that the device served must arrive
"""
import argparse
import pathlib
import random
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "process"), str(TESTS / "fakes")]
from counting_device import CountingDevice  # noqa: E402
from harness import Bench, expect, expect_equal, wait_for  # noqa: E402
from relay import Relay  # noqa: E402

NOTICED, RETURNED = 30, 10  # s
FAULTS = ("close", "silence", "lose")


class Cell:
    """A gateway, a device that remembers what it served, a broker behind a network that fails, and who listens."""

    def __init__(self, number, version=5, idle=False):
        self.random, self.bench = random.Random(number), Bench()
        self.device, self.broker = CountingDevice(), self.bench.mosquitto()
        self.relay = Relay(self.broker.port)
        self.listener = self.bench.listener(self.broker, "ferrule/v1/#")
        # The device is never too late: a number that it served was read.
        device = {"name": "machine", "every": "20ms", "timeout": "60s", "tags": [{"name": "number", "address": "holding:0", "type": "uint32"}]}
        channel = {"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": self.device.port}, "devices": [device]}
        self.gateway = self.bench.gateway({
            "gateway": {"id": "linked"}, "channels": [] if idle else [channel],
            "uplinks": [{"name": "cloud", "mqtt": {"url": f"mqtt://127.0.0.1:{self.relay.port}", "version": version}}]})
        wait_for(self.connected, "the uplink to connect")

    def uplink(self):
        return self.gateway.get("/api/v1/uplinks")["uplinks"][0]

    def connected(self):
        return self.uplink()["connected"]

    def new_data(self):
        return [message for message in self.listener.new() if "/data/" in message.topic or "/history/" in message.topic]

    def fail(self, fault):
        getattr(self.relay, fault)()

    def expect_everything(self):
        newest = len(self.device.served) - 1
        missing = set(range(newest))
        looked_at = 0

        def everything():
            nonlocal looked_at
            self.listener.new()
            for message in self.listener.messages[looked_at:]:
                if "/data/" in message.topic or "/history/" in message.topic:
                    missing.difference_update(message.json.get("values", {}).values())
            looked_at = len(self.listener.messages)
            return not missing
        wait_for(everything, lambda: f"everything served to arrive, {len(missing)} of {newest} are missing: {sorted(missing)[:9]}; {self.uplink()}", 120, every=0.2)
        expect_equal(self.uplink()["rejected"], 0, "dead letters")

    def close(self):
        self.bench.close()
        self.relay.end()
        self.device.close()


def side_by_side(cells, work):
    """[work(cell) for each], all at once; raises the first failure."""
    results, failures = [None] * len(cells), []

    def one(place, cell):
        try:
            results[place] = work(cell)
        except Exception as failure:
            failures.append(failure)
            cell.bench.print_logs()
    threads = [threading.Thread(target=one, args=item) for item in enumerate(cells)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def silence(_options):
    cells = [Cell(0), Cell(1, version="3.1.1"), Cell(2, idle=True), Cell(3, version="3.1.1", idle=True), Cell(4), Cell(5, idle=True)]

    def noticed(cell):
        place = cells.index(cell)
        time.sleep(cell.random.uniform(0, 3))
        began = time.monotonic()
        cell.broker.freeze() if place >= 4 else cell.relay.silence()
        wait_for(lambda: not cell.connected(), "the silence to be noticed", NOTICED + 10, every=0.1)
        return time.monotonic() - began
    return cells, noticed, lambda seconds: print(f"  noticed after {[round(s, 1) for s in seconds]} s") or limit("a silent broker is noticed, most", max(seconds), NOTICED)


def returns(options):
    cells = [Cell(number, version="3.1.1" if number % 2 else 5) for number in range(8)]

    def outages(cell):
        seconds = []
        for turn in range(options.outages):
            fault = FAULTS[(turn + cells.index(cell)) % len(FAULTS)]
            cell.fail(fault)
            time.sleep(cell.random.uniform(1, 25))
            cell.listener.new()
            began = time.monotonic()
            cell.relay.open()
            first = wait_for(cell.new_data, "data to come again", 60)[0]
            seconds.append((first.at - began, fault))
            wait_for(cell.connected, "the uplink to connect", 30)
        cell.expect_everything()
        return seconds

    def report(found):
        for fault in FAULTS:
            mine = sorted(seconds for cell in found for seconds, its_fault in cell if its_fault == fault)
            if mine:
                print(f"  after '{fault}': {len(mine)} outages, median {mine[len(mine) // 2]:.1f} s, most {mine[-1]:.1f} s")
        every = sorted(seconds for cell in found for seconds, _ in cell)
        return limit(f"first message after the network returns, p95 of {len(every)}", every[min(len(every) - 1, int(len(every) * 0.95))], RETURNED)
    return cells, outages, report


def flaps(options):
    cells = [Cell(number, version="3.1.1" if number % 2 else 5) for number in range(6)]

    def flap(cell):
        end = time.monotonic() + options.flaps
        while time.monotonic() < end:
            cell.fail(FAULTS[cells.index(cell) // 2])
            time.sleep(3)
            cell.relay.open()
            time.sleep(3)
        cell.expect_everything()
        return len(cell.device.served)
    return cells, flap, lambda served: not print(f"  {options.flaps:g} s of 3-second flaps: all of {sum(served)} numbers served arrived", flush=True)


def limit(name, value, most):
    print(f"  {name}: {value:.1f} s, limit {most} s{'   OVER' if value > most else ''}", flush=True)
    return value <= most


def main():
    parts = {"silence": silence, "returns": returns, "flaps": flaps}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *parts], help="all when none is named")
    parser.add_argument("--outages", type=int, default=12, help="of each of 8 gateways")
    parser.add_argument("--flaps", type=float, default=300, help="seconds")
    options = parser.parse_args()
    met = []

    def one(name):
        cells = []
        try:
            cells, work, report = parts[name](options)
            met.append(report(side_by_side(cells, work)))
        except Exception as failure:
            print(f"FAILED {name}: {failure}", file=sys.stderr)
            met.append(False)
        finally:
            for cell in cells:
                cell.close()
    threads = [threading.Thread(target=one, args=(name,)) for name in options.parts or parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(len(met) == len(threads), "a part did not end")
    print(f"links: {sum(met)} passed, {len(met) - sum(met)} failed")
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
