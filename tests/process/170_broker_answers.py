"""Does the gateway do the right thing with each answer that a broker can give: keep and try again, back off, or lay aside as a dead
letter? The brokers are scripted, each case has a gateway of its own, and all run side by side because most of it is waiting."""
import pathlib
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
from counting_device import CountingDevice  # noqa: E402
from harness import expect, expect_equal, run, wait_for  # noqa: E402
from scripted_broker import HANG_UP, Disconnect, ScriptedBroker  # noqa: E402

GUILTY = 5  # the number that the broker has something against
LASTING = 30  # s that a refusal by quota or authorisation keeps the gateway from asking
WATCH = 36


class Case:
    def __init__(self, bench, name, version=5, **script):
        self.name, self.device, self.broker = name, CountingDevice(), ScriptedBroker(**script)
        self.gateway = bench.gateway({
            "gateway": {"id": "asked"},
            "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": self.device.port}, "devices": [
                {"name": "machine", "every": "50ms", "tags": [{"name": "number", "address": "holding:0", "type": "uint32"}]}]}],
            "uplinks": [{"name": "cloud", "mqtt": {"url": f"mqtt://127.0.0.1:{self.broker.port}", "version": version}}],
        }, name=name)

    def uplink(self):
        return self.gateway.get("/api/v1/uplinks")["uplinks"][0]

    def tries(self, number=GUILTY):
        return [received for received in self.broker.data if number_of(received) == number]

    def expect_goes_on(self, patience=None):
        """Every number that was served so far arrives but the guilty one, which must be settled somehow."""
        newest = wait_for(lambda: len(self.device.served) > GUILTY + 3 and len(self.device.served) - 1, "the device to be read")

        def missing():
            taken = {number_of(received) for received in self.broker.data if received.answer == 0}
            return sorted(set(range(newest)) - taken - {GUILTY})
        wait_for(lambda: not missing(), lambda: f"{self.name}: the others to arrive, missing {missing()[:9]}", patience)
        expect_equal(len({(r.body["boot"], r.body["seq"]) for r in self.tries()}), 1, f"{self.name}: a repeat carries the same (boot, seq)")

    def expect_balance(self):
        of = self.uplink()["samples"]
        expect_equal(of["read"], of["sent"] + of["stored"] + of["suppressed"] + of["dropped"], f"{self.name}: the balance of {of}")


def number_of(received):
    return number_in(received.body)


def number_in(body):
    return body.get("values", {}).get("number")  # an event has none


def against_the_guilty(answer, tries_refused=10**9):
    return lambda body, tries: answer if number_in(body) == GUILTY and tries < tries_refused else 0


def side_by_side(cases, check):
    """check(case) for each on a thread of its own; raises the first failure."""
    failures = []

    def one(case):
        try:
            check(case)
        except Exception as failure:
            failures.append(failure)
    threads = [threading.Thread(target=one, args=(case,)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


def taken_or_refused_for_the_moment(bench):
    def check(case):
        case.expect_goes_on(40)
        wait_for(lambda: case.tries()[-1].answer in (0, 0x10), f"{case.name}: the refused number to be taken")
        tries = case.tries()
        expect_equal(len(tries), 1 if case.name in ("puback_00", "puback_10") else 3, f"{case.name}: tries")
        if len(tries) == 3:
            expect(tries[1].at - tries[0].at > 0.9 and tries[2].at - tries[1].at > 1.9, f"{case.name}: pauses of 1 and 2 s")
        expect_equal(case.uplink()["rejected"], 0, f"{case.name}: dead letters")
        case.expect_balance()
    cases = [Case(bench, f"puback_{code:02x}", on_data=against_the_guilty(code, 2)) for code in (0x80, 0x83, 0x91, 0xfe)]
    cases += [Case(bench, f"puback_{code:02x}", on_data=lambda body, tries, code=code: code) for code in (0x00,)]
    # 0x10 says that nobody subscribes: delivered all the same.
    cases += [Case(bench, "puback_10", on_data=lambda body, tries: 0x10 if number_in(body) == GUILTY else 0)]
    side_by_side(cases, check)


def refused_for_good(bench):
    def check(case):
        case.expect_goes_on()
        wait_for(lambda: case.uplink()["rejected"] == 1, f"{case.name}: a dead letter")
        expect_equal(len(case.tries()), 1, f"{case.name}: tries")
        expect(case.uplink()["samples"]["dropped"] == 1, f"{case.name}: it counts as dropped")
        case.expect_balance()
    side_by_side([Case(bench, f"puback_{code:02x}", on_data=against_the_guilty(code)) for code in (0x90, 0x95, 0x99)], check)


def hung_up_on(bench):
    def check(case):
        case.expect_goes_on(40)
        wait_for(lambda: case.uplink()["rejected"] == 1, f"{case.name}: a dead letter", 40)
        tries = case.tries()
        expect_equal(len(tries), 3, f"{case.name}: tries")
        others = len({number_of(received) for received in case.broker.data if received.answer == 0})
        wait_for(lambda: len({number_of(received) for received in case.broker.data if received.answer == 0}) > others + 5, "more to come")
        expect_equal(len(case.tries()), 3, f"{case.name}: tries later")
        case.expect_balance()
    cases = [Case(bench, "hangs_up_311", version="3.1.1", on_data=against_the_guilty(HANG_UP)),
             Case(bench, "hangs_up_5", on_data=against_the_guilty(HANG_UP)),
             Case(bench, "says_malformed", on_data=against_the_guilty(Disconnect(0x81)))]
    side_by_side(cases, check)


def forbidden_and_asked_twice_a_minute(bench):
    """Refusals by quota and authorisation, of messages, of connections, and by ending the connection; and others for comparison."""
    def check(case):
        begun = time.monotonic()
        if case.name.startswith("puback"):
            wait_for(lambda: case.tries(), "the guilty number")
            first = case.tries()[0].at
            wait_for(lambda: len(case.tries()) > 1, f"{case.name}: the next try", 60)
            expect(LASTING - 0.5 <= case.tries()[1].at - first, f"{case.name}: asked again after {case.tries()[1].at - first:.1f} s")
            between = [r for r in case.broker.data if first + 1 < r.at < first + LASTING - 0.5]
            expect_equal(len(between), 0, f"{case.name}: messages of the kind in between")
            case.expect_goes_on(40)
            case.expect_balance()
            return
        if case.name.startswith("ends"):
            wait_for(lambda: case.tries(), "the guilty number")
        attempts_before = len(case.broker.connects)
        time.sleep(max(0, begun + WATCH - time.monotonic()))  # the time under test
        attempts = len(case.broker.connects)
        if case.patient:
            expect(attempts <= 2, f"{case.name}: {attempts} attempts within {WATCH} s")
        else:
            expect(attempts >= attempts_before + 3, f"{case.name}: only {attempts} attempts within {WATCH} s")

    def connack(code, patient, version=5):
        case = Case(bench, f"connack_{code:02x}", version=version, on_connect=lambda tries: code)
        case.patient = patient
        return case

    def ends(code, patient):
        case = Case(bench, f"ends_{code:02x}", on_data=against_the_guilty(Disconnect(code)))
        case.patient = patient
        return case
    cases = [Case(bench, f"puback_{code:02x}", on_data=against_the_guilty(code, 1)) for code in (0x87, 0x97)]
    cases += [connack(0x87, True), connack(0x97, True), connack(0x9f, True), connack(0x05, True, "3.1.1"),
              connack(0x88, False), connack(0x03, False, "3.1.1"), ends(0x97, True), ends(0x87, True)]
    side_by_side(cases, check)


if __name__ == "__main__":
    run(taken_or_refused_for_the_moment, refused_for_good, hung_up_on, forbidden_and_asked_twice_a_minute)
