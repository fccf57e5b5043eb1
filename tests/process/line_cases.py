"""What a line of 32 units does when some are dead, and how long a write waits: run briefly by 235_sick_units.py and at length by
tests/bench/line.py. Each returns figures; whoever calls judges them."""
import json
import random
import time

from harness import expect, wait_for

UNITS = 32
REGISTERS = 20
SILENCE = 0.00175  # s between frames above 19,200 baud; 3.5 characters below
BITS = 11


def exchange_seconds(baud, registers, turnaround):
    """One poll on the wire: request, turnaround, answer, silence."""
    silence = SILENCE if baud > 19200 else 3.5 * BITS / baud
    return (8 + 5 + 2 * registers) * BITS / baud + turnaround + silence


class Line:
    """A gateway that polls 32 units of one paced line as fast as it goes."""

    def __init__(self, bench, baud=115200, tcp=False, every="50ms", registers=REGISTERS, units=UNITS, timeout="500ms", patience=0):
        self.seconds_each = exchange_seconds(baud, registers, 0.002)
        arguments = ["--baud", str(baud), "--units", str(units), "--patience", str(patience)]
        self.line = bench.paced_line(*arguments, *(["--tcp"] if tcp else ["--link", str(bench.folder / "tty")]))
        where = ({"tcp": {"host": "127.0.0.1", "port": self.line.port}} if tcp
                 else {"serial": {"port": self.line.endpoint, "baud": baud, "parity": "even"}})
        devices = [{"name": "u{unit_id}", "unit_id": f"1-{units}", "every": every, "tags": [
            {"name": "r{n}", "address": "holding:0", "count": registers, "type": "uint16", "write": {"min": 0, "max": 65535}}]}]
        self.gateway = bench.gateway({"gateway": {"id": "line"}, "channels": [{
            "name": "line", "driver": "modbus", "timeout": timeout, **where, "devices": devices}]})
        self.wait_for_online(units)
        self.line.report()

    def online(self):
        return [device["name"] for device in self.gateway.get("/api/v1/devices")["devices"] if device["online"]]

    def wait_for_online(self, count, patience=60):
        wait_for(lambda: len(self.online()) == count, f"{count} units to be online", patience)

    def polls(self, seconds, dead=()):
        """How many polls each living unit had answered in so many seconds."""
        self.line.report()
        time.sleep(seconds)
        report = self.line.report()
        return {unit: polls / report["seconds"] for unit, polls in report["polls"].items() if unit not in dead}


def one_dead(bench, seconds, **options):
    """(rate of the others while one is dead) / (their rate while all live): of all together, of the worst off."""
    line = Line(bench, **options)
    before = line.polls(seconds, dead=(7,))
    line.line.command("silence 7")
    line.wait_for_online(UNITS - 1)
    after = line.polls(seconds, dead=(7,))
    return sum(after.values()) / sum(before.values()), min(after[unit] / before[unit] for unit in after)


def revived(line, units, count, dead_for):
    """Silences so many units, and wakes them after so many seconds: the line's report when all are online again, and when they woke."""
    line.line.command(f"silence {units}")
    line.wait_for_online(UNITS - count)
    time.sleep(dead_for)
    line.line.report()
    line.line.command(f"answer {units}")
    woken = time.monotonic()
    line.wait_for_online(UNITS)
    return line.line.report(), woken


def recovery(bench, dead_for, **options):
    """A unit that was dead for so long answers again: how many of its answers it takes until it is online, and the seconds until
    its first answer."""
    report, woken = revived(Line(bench, **options), "7", 1, dead_for)
    return {"answers": report["polls"][7], "seconds": report["answered_at"][7] - woken}


def twenty_back(bench, dead_for, **options):
    """Seconds until the last of twenty units that come back together has been polled again."""
    report, woken = revived(Line(bench, **options), "1-20", 20, dead_for)
    return max(report["answered_at"][unit] for unit in range(1, 21)) - woken


def own_endpoints(bench, seconds):
    """Rate of 31 devices on endpoints of their own while the 32nd is dead, as a share of what was asked for, and their overruns."""
    period = 0.1
    plant = bench.plant({"endpoints": [{"tcp": {"listen": "0.0.0.0", "port": 0}}], "devices": [
        {"unit_id": 1, "registers": [{"address": "holding:0", "count": REGISTERS, "type": "uint16"}]}]})
    dead = bench.paced_line("--tcp", "--units", "1")
    endpoints = [("127.0.0.1", dead.port)] + [(f"127.1.0.{n}", plant.port) for n in range(1, UNITS)]
    gateway = bench.gateway({"gateway": {"id": "line"}, "channels": [{
        "name": f"c{n}", "driver": "modbus", "timeout": "500ms", "tcp": {"host": host, "port": port}, "devices": [
            {"name": f"u{n}", "every": f"{period * 1000:.0f}ms", "tags": [
                {"name": "r{n}", "address": "holding:0", "count": REGISTERS, "type": "uint16"}]}]}
        for n, (host, port) in enumerate(endpoints)]})

    def online():
        return [device["name"] for device in gateway.get("/api/v1/devices")["devices"] if device["online"]]
    wait_for(lambda: len(online()) == UNITS, "all to be online")
    dead.command("silence 1")
    wait_for(lambda: len(online()) == UNITS - 1, "one to be offline")

    def counted():
        channels = gateway.get("/api/v1/channels")["channels"]
        return time.monotonic(), sum(c["answered"] for c in channels if c["name"] != "c0"), sum(c["overruns"] for c in channels if c["name"] != "c0")
    begun, polls, overruns = counted()
    time.sleep(seconds)
    ended, more_polls, more_overruns = counted()
    return (more_polls - polls) / ((ended - begun) * (UNITS - 1) / period), more_overruns - overruns


def writes(bench, count, baud, registers=125):
    """While polls of 125 registers leave no gap, rising: seconds from a write's arrival on its channel until it goes out, and seconds
    from this program's asking for it to its request on the wire; and the seconds of one such poll as it is on this line."""
    line = Line(bench, baud=baud, registers=registers, units=4)
    one_poll = 1 / sum(line.polls(30 * line.seconds_each).values())
    dice = random.Random(7)
    waits, asked = [], []
    for value in range(1, count + 1):
        time.sleep(dice.uniform(1, 3) * line.seconds_each)
        begun = time.monotonic()
        status, answer = line.gateway.put("/api/v1/values/u2.r5", {"value": value})
        expect(status == 200 and answer["outcome"] == "done", f"the write is done: {status} {answer}")
        report = line.line.report()
        waits.append(answer["waited"])
        asked.append(report["writes"][value] - begun)
        expect(report["line"] > 0.5, f"the line is busy: {report['line']:.2f}")
    return sorted(waits), sorted(asked), one_poll


def bad_register(bench, registers):
    """In which poll, counted from 1, the neighbours of a register that the device refuses are all good, and stay so; the register
    stands in the middle of a block that is asked for in one go."""
    bad = registers // 2
    there = {"0": list(range(bad)), str(bad + 1): list(range(bad + 1, registers))}
    server = bench.pymodbus("--registers", json.dumps({"1": {"holding": there}}))
    broker = bench.mosquitto()
    subscriber = bench.subscriber(broker, "ferrule/v1/line/#")
    bench.gateway({"gateway": {"id": "line"}, "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}], "channels": [{
        "name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": server.port}, "devices": [
            {"name": "d", "every": "200ms", "tags": [{"name": "r{n}", "address": "holding:0", "count": registers}]}]}]})

    def polls():
        records = [message.json for message in subscriber.messages if "/data/" in message.topic or "/history/" in message.topic]
        return sorted(records, key=lambda record: record["seq"])
    wait_for(lambda: len(polls()) >= 20, "20 polls")
    # That the register is bad is said once, not with each poll.
    right = [set(record.get("bad", {})) <= {f"r{bad + 1}"} and len(record["values"]) == registers - 1 for record in polls()]
    expect(polls()[0]["seq"] <= 2 and right[-1], f"polls from the first on, at last good: {polls()[0]} {right}")
    return len(right) - right[::-1].index(False) + 1 if False in right else 1
