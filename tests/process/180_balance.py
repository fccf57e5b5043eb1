"""Does read = sent + stored + suppressed + dropped hold for each uplink whenever one looks: under load, through an outage, a
reload that adds and removes uplinks, a clean restart and kill -9? (With dead letters: 170_broker_answers.py.)"""
import pathlib
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
from harness import Failure, expect, expect_equal, run, wait_for  # noqa: E402
from relay import Relay  # noqa: E402

PLANT = {"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}], "devices": [{"unit_id": 1, "registers": [
    {"address": "holding:0", "count": 50, "type": "uint16", "shape": "counter", "step": 1, "every": "10ms"},
    {"address": "holding:100", "count": 50, "type": "uint16", "shape": "counter", "step": 1, "every": "70ms"}]}]}


def config(plant, relays):
    return {
        "gateway": {"id": "counted"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "devices": [
            {"name": "machine", "every": "20ms", "tags": [
                {"name": "fast{n}", "address": "holding:0", "count": 50, "type": "uint16"},
                {"name": "slow{n}", "address": "holding:100", "count": 50, "type": "uint16", "deadband": 3}]}]}],
        "uplinks": [{"name": name, "mqtt": {"url": f"mqtt://127.0.0.1:{relay.port}", "client_id": name}} for name, relay in relays.items()],
        "outbox": {"flush_after": "200ms"},
    }


class Auditor:
    """Looks at the balance again and again, on a thread of its own."""

    def __init__(self, gateway):
        self.gateway, self.looks, self.failure, self.over, self.seen = gateway, 0, None, threading.Event(), {}
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self):
        while not self.over.is_set():
            try:
                self.look()
            except OSError:
                pass  # between two starts
            except Failure as failure:
                self.failure = failure
                return
            time.sleep(0.005)

    def look(self):
        for uplink in self.gateway.get("/api/v1/uplinks")["uplinks"]:
            of = uplink["samples"]
            expect_equal(of["read"], of["sent"] + of["stored"] + of["suppressed"] + of["dropped"], f"the balance of {uplink['name']}: {of}")
            self.seen[uplink["name"]] = of
            self.looks += 1

    def check(self):
        if self.failure:
            raise self.failure

    def end(self):
        self.over.set()
        self.thread.join()
        self.check()
        expect(self.looks > 200, f"only {self.looks} looks")


def the_balance_holds_whenever_one_looks(bench):
    plant, broker = bench.plant(PLANT), bench.mosquitto()
    relays = {name: Relay(broker.port) for name in ("cloud", "plant")}
    cloud = {"cloud": relays["cloud"]}
    gateway = bench.gateway(config(plant, cloud))
    auditor = Auditor(gateway)
    bench.closers.append(auditor.over.set)

    def reaches(name, what, least):
        wait_for(lambda: auditor.failure or auditor.seen.get(name, {}).get(what, 0) >= least,
                 lambda: f"{name} to have {least} samples {what}: {auditor.seen}")
        auditor.check()
    reaches("cloud", "sent", 5000)
    reaches("cloud", "suppressed", 1000)
    relays["cloud"].close()
    reaches("cloud", "stored", 20000)
    gateway.configure(config(plant, relays))
    gateway.reload()
    reaches("plant", "sent", 2000)
    expect(auditor.seen["plant"]["read"] < auditor.seen["cloud"]["read"], "a new uplink does not count what was read before it came")
    gateway.kill()
    stored = auditor.seen["cloud"]["stored"]
    gateway.start()
    wait_for(lambda: auditor.failure or auditor.seen["cloud"]["sent"] == 0 and auditor.seen["cloud"]["stored"] >= stored / 2,
             lambda: f"what was stored to be counted after a start: {auditor.seen}")
    gateway.configure(config(plant, cloud))
    gateway.reload()
    reaches("cloud", "stored", stored)
    gateway.configure(config(plant, relays))
    gateway.reload()
    relays["cloud"].open()
    sent = auditor.seen["cloud"]["sent"]
    reaches("cloud", "sent", sent + 20000)
    expect_equal(gateway.stop(), 0, "exit code")
    gateway.start()
    reaches("cloud", "sent", 1000)
    auditor.end()
    metrics = gateway.get("/metrics")
    named = {line.split(" ")[0]: float(line.split(" ")[1]) for line in metrics.splitlines() if 'samples' in line and '{uplink="cloud"}' in line}
    parts = {key.split("samples_")[1].split("{")[0].removesuffix("_total"): value for key, value in named.items()}
    expect_equal(parts["read"], sum(value for key, value in parts.items() if key != "read"), f"the balance in /metrics: {parts}")


if __name__ == "__main__":
    run(the_balance_holds_whenever_one_looks)
