"""The judge of the power cuts must object to what is lost, damaged or invented. Usage: witness_test.py"""
import pathlib
import sqlite3
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "tests/process")]

from waiting import expect, expect_equal  # noqa: E402
from witness import Witness, promises, wrong_with  # noqa: E402


class Message:
    def __init__(self, number):
        self.json = {"values": {"number": number}}


class World:
    """A device that served 0 .. served-1, and a subscriber that got some of them."""

    def __init__(self, served, arrived, ends=()):
        self.served, self.ends = range(served), set(ends)
        self.messages = [Message(number) for number in arrived]

    def on_topic(self, _):
        return self.messages


def line(boot, value, commits, quality="good"):
    status = {"gateway": {"boot": boot}, "outbox": {"commits": commits}}
    return {"up": True, "value": {"value": value, "quality": quality}, "status": status}


def a_number_is_promised_two_commits_later():
    lines = [line(1, 5, 1), line(1, 9, 2), line(1, 14, 3), {"up": False}, line(2, 20, 1), line(2, 31, 2)]
    made = [(promise.boot, promise.first, promise.last) for promise in promises(7, lines)]
    expect_equal(made, [(1, 5, 5)], "what two more commits followed")


def a_bad_value_promises_nothing():
    expect_equal(promises(1, [line(1, 5, 1, "bad"), line(1, 5, 9, "bad")]), [], "promises")


def a_number_that_did_not_come_is_lost():
    made = promises(1, [line(1, 2, 1), line(1, 6, 2), line(1, 8, 4)])
    for arrived, ends, lost in ((range(10), (), []), ([2, 3, 5, 6], (), [4]), ([2, 3, 5, 6], (4,), []), ([], (), [2, 3, 4, 5, 6])):
        world = World(10, arrived, ends)
        witness = Witness(world, world)
        witness.open += made
        witness.settle()
        expect_equal(witness.lost, lost, f"lost of {list(arrived)}, with connections that ended at {ends}")


def a_number_that_no_device_served_is_noticed():
    world = World(3, [1, 2, 3])
    expect_equal(Witness(world, world).invented(), {3}, "invented numbers")


def a_damaged_store_is_noticed():
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder)
        file = sqlite3.connect(store / "outbox.db", isolation_level=None)
        file.execute("CREATE TABLE blocks(first INTEGER PRIMARY KEY, body BLOB)")
        file.executemany("INSERT INTO blocks VALUES(?, ?)", ((first, bytes(3000)) for first in range(50)))
        file.close()
        expect_equal(wrong_with(store), "", "a whole store")
        with open(store / "outbox.db", "r+b") as raw:
            raw.seek(8 * 4096)
            raw.write(bytes(range(256)) * 16)
        expect(wrong_with(store), "a page was overwritten")
        (store / "outbox.db").unlink()
        (store / "outbox.db.corrupt-1").touch()
        expect("set aside" in wrong_with(store), "a store that the gateway found damaged")


def main():
    for test in (a_number_is_promised_two_commits_later, a_bad_value_promises_nothing, a_number_that_did_not_come_is_lost,
                 a_number_that_no_device_served_is_noticed, a_damaged_store_is_noticed):
        test()
        print(f"ok {test.__name__}")


if __name__ == "__main__":
    main()
