"""What the lab knows from outside of the machine: the numbers that a device served, which of them were committed when the power went, which
have come, and whether the store on the disk is whole.
"""
import contextlib
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile

AFTER = 2  # commits: one may have begun before the number was there


class Promise:
    """A run of numbers that were on the disk for certain when the power was cut."""

    def __init__(self, cut, boot, first, last):
        self.cut, self.boot, self.first, self.last = cut, boot, first, last

    def __len__(self):
        return self.last - self.first + 1


def promises(cut, lines):
    """Of each boot of the gateway in one run of the machine (an upgrade restarts it), by what was seen of it before the cut: a number that
    it had read is committed when, later, it has committed AFTER times more."""
    found = {}
    for line in lines:
        if line["up"] and line["value"].get("quality") == "good":
            gateway, outbox = line["status"]["gateway"], line["status"]["outbox"]
            found.setdefault(gateway["boot"], []).append((line["value"]["value"], outbox["commits"]))
    made = []
    for boot, seen in sorted(found.items()):
        sure = [value for value, commits in seen if commits + AFTER <= seen[-1][1]]
        if sure:
            made.append(Promise(cut, boot, seen[0][0], max(sure)))
    return made


class Witness:
    def __init__(self, device, subscriber):
        self.device, self.subscriber = device, subscriber
        self.open, self.kept = [], 0  # promises that nothing was heard of yet; numbers that were promised and came
        self.lost = []

    def arrived(self):
        numbers = set()
        for message in self.subscriber.on_topic("counter"):
            value = message.json.get("values", {}).get("number")
            if value is not None:
                numbers.add(value)
        return numbers

    def missing(self):
        """{number: promise}. The last answer on a connection may not have been read any more."""
        arrived = self.arrived()
        return {number: promise for promise in self.open for number in range(promise.first, promise.last + 1)
                if number not in arrived and number not in self.device.ends}

    def invented(self):
        return {number for number in self.arrived() if number >= len(self.device.served)}

    def settle(self):
        """After a drain: what has not come by now is lost."""
        missing = self.missing()
        self.lost += sorted(missing)
        self.kept += sum(map(len, self.open)) - len(missing)
        self.open.clear()
        return missing


@contextlib.contextmanager
def mounted(disk):
    """The file system of a machine that is off; mounting it does what the machine's next start would do first."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="ferrule-lab."))
    subprocess.run(["mount", "-o", "loop", disk, root], check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", root], check=True)
        root.rmdir()


def store_on(disk):
    """What is wrong with the store of a machine that is off, or "": as SQLite finds it on a copy of its disk, which it leaves alone."""
    with tempfile.TemporaryDirectory(prefix="ferrule-lab.", dir="/dev/shm") as folder:
        copy, store = pathlib.Path(folder) / "disk", pathlib.Path(folder) / "store"
        subprocess.run(["cp", "--sparse=always", disk, copy], check=True)
        with mounted(copy) as root:
            shutil.copytree(root / "var/lib/ferrule", store)
        return wrong_with(store)


def wrong_with(store):
    aside = [file.name for file in store.iterdir() if "corrupt" in file.name or "salvage" in file.name]
    if aside:
        return f"set aside as damaged: {', '.join(aside)}"
    try:
        with contextlib.closing(sqlite3.connect(store / "outbox.db")) as file:
            said = file.execute("PRAGMA integrity_check").fetchone()[0]
            blocks = file.execute("SELECT count(*) FROM blocks").fetchone()[0]
    except sqlite3.Error as error:
        return f"SQLite cannot read it: {error}"
    return "" if said == "ok" and blocks else f"integrity_check says {said}, {blocks} blocks"


def forget(disk):
    """The test of this test: what was committed is taken out of the store."""
    with mounted(disk) as root, contextlib.closing(sqlite3.connect(root / "var/lib/ferrule/outbox.db", isolation_level=None)) as file:
        file.execute("DELETE FROM blocks WHERE rowid < (SELECT max(rowid) FROM blocks)")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def damage(disk):
    """The same for damaged stores: what a failing disk might make of the middle of the file."""
    with mounted(disk) as root:
        store = root / "var/lib/ferrule"
        with contextlib.closing(sqlite3.connect(store / "outbox.db", isolation_level=None)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(store / "outbox.db", "r+b") as file:
            file.seek(0, 2)
            middle = file.tell() // 8192 * 4096
            file.seek(middle)
            file.write(bytes(range(256)) * 32)


WEAKENED = {"forget": forget, "damage": damage}
