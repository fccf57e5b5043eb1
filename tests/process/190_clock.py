"""Does a wall clock that steps by ten years leave everything alone: nothing evicted, the order of each lane kept, no poll late, no link
lost? And is what was read before the clock was set marked, and given its time afterwards?"""
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
from counting_device import CountingDevice  # noqa: E402
from faked_clock import FakedClock  # noqa: E402
from harness import expect, expect_equal, run, wait_for  # noqa: E402
from relay import Relay  # noqa: E402

STEPS = ("+10y", "-10y", "+10y", "+0", "-10y", "+0")
LATE = 2  # s between two polls of a device that is read each 20 ms: a machine that is busy, not a poll that waits for a date
EXACT = 0.25  # s


class Plant:
    """A gateway with a clock of its own, a device that remembers what it served, a broker behind a network, and a subscriber."""

    def __init__(self, bench, shift="+0"):
        self.clock, self.device = FakedClock(bench.folder, shift), CountingDevice()
        broker = bench.mosquitto()
        self.relay = Relay(broker.port)
        self.subscriber = bench.subscriber(broker, "ferrule/v1/#")
        self.gateway = bench.gateway({
            "gateway": {"id": "timeless"},
            "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": self.device.port}, "devices": [
                {"name": "machine", "every": "20ms", "tags": [{"name": "number", "address": "holding:0", "type": "uint32"}]}]}],
            "uplinks": [{"name": "cloud", "mqtt": {"url": f"mqtt://127.0.0.1:{self.relay.port}"}}],
            "outbox": {"flush_after": "200ms", "max_age": "1h"},
        }, environment=self.clock.environment())

    def uplink(self):
        return self.gateway.get("/api/v1/uplinks")["uplinks"][0]

    def readings(self):
        """The messages that hold a number, as they came."""
        return [m.json for m in list(self.subscriber.messages) if "number" in m.json.get("values", {})]

    def losses(self):
        return [m.json for m in list(self.subscriber.messages) if m.json.get("event") == "loss"]

    def is_read_on(self, times=50):
        wanted = len(self.device.served) + times
        wait_for(lambda: len(self.device.served) >= wanted, "the device to be read on")

    def everything_arrives(self):
        served = set(range(len(self.device.served) - 1)) - self.device.ends
        missing = lambda: sorted(served - {m["values"]["number"] for m in self.readings()})  # noqa: E731
        wait_for(lambda: not missing(), lambda: f"all numbers to arrive; missing {missing()[:9]}, lost {self.losses()[:2]}", 30, every=0.2)


def through_steps(plant):
    """Each step twice: during an outage, with a restart in it, and on a healthy link."""
    wait_for(lambda: len(plant.readings()) > 20, "data")
    plant.relay.close()
    for shift in STEPS:
        plant.clock.step(shift)
        plant.is_read_on()
        wait_for(lambda: plant.gateway.get("/api/v1/outbox")["blocks"] > 0, "a block to be stored")
    plant.clock.step("-10y")
    stopped = len(plant.device.served)
    expect_equal(plant.gateway.stop(), 0, "exit code")
    plant.gateway.start()
    plant.is_read_on()
    plant.relay.open()
    wait_for(lambda: plant.uplink()["connected"], "the uplink to connect")
    connects = plant.uplink()["connects"]
    for shift in STEPS:
        plant.clock.step(shift)
        plant.is_read_on()
    plant.everything_arrives()
    expect_equal(plant.losses(), [], "loss records")
    expect_equal(plant.uplink()["samples"]["dropped"], 0, "dropped samples")
    expect_equal(plant.uplink()["connects"], connects, "sessions since the network came back")
    served = plant.device.served
    gaps = [later - earlier for number, (earlier, later) in enumerate(zip(served, served[1:])) if number + 1 != stopped]
    expect(max(gaps) < LATE, f"a poll came {max(gaps):.1f} s after the one before")


def in_order(messages):
    """Without repeats, the pairs (boot, seq) rise."""
    pairs = list(dict.fromkeys((m["boot"], m["seq"]) for m in messages))
    return pairs == sorted(pairs)


def steps_of_ten_years_change_nothing(bench):
    plant = Plant(bench)
    through_steps(plant)
    historical = [m for m in plant.readings() if m.get("historical")]
    expect(len(historical) > 200, f"only {len(historical)} were historical")
    expect(in_order(historical), "the backlog keeps its order")
    expect(in_order([m for m in plant.readings() if not m.get("historical")]), "live data keeps its order")
    years = {time.gmtime(m["timestamp"] / 1000).tm_year - time.gmtime().tm_year for m in plant.readings()}
    expect_equal(years, {-10, 0, 10}, "the clock did step")


def what_was_read_before_the_clock_was_set_gets_its_time(bench):
    plant = Plant(bench, shift="-30y")
    wait_for(lambda: len(plant.readings()) > 20, "data")
    expect(all(m.get("clock") == "unknown" for m in plant.readings()), "what goes before the clock is set is marked")
    plant.relay.close()
    plant.is_read_on()
    expect_equal(plant.gateway.stop(), 0, "exit code")
    plant.gateway.start()
    plant.is_read_on()
    plant.clock.step("+0")
    offset, before = time.time() - time.monotonic(), len(plant.readings())
    plant.is_read_on()
    plant.relay.open()
    plant.everything_arrives()
    historical = [m for m in plant.readings()[before:] if m.get("historical")]
    expect_equal(len({m["boot"] for m in historical}), 2, "boots in the backlog")
    expect(not any("clock" in m for m in historical), "the backlog has its time")
    for message in historical:
        number = message["values"]["number"]
        wrong = message["timestamp"] / 1000 - (plant.device.served[number] + offset)
        expect(abs(wrong) < EXACT, f"number {number} says that it was read {wrong:+.3f} s from when it was")
    expect(in_order(historical), "the backlog keeps its order")


if __name__ == "__main__":
    run(steps_of_ten_years_change_nothing, what_was_read_before_the_clock_was_set_gets_its_time)
