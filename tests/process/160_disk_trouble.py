"""A disk that is full, read-only, slow or failing: does live data go on, does health say so, does all heal within 10 s of the cause's end?

Full and read-only are real: a small file system on a loop device. Where mounting is not allowed these two are skipped, and say so. Slow and
failing syncs come from tests/fakes/slow_disk.c, preloaded into the program.
"""
import contextlib
import os
import pathlib
import subprocess
import time

from harness import SOURCE, expect, expect_equal, rest, run, wait_for

HEALS_WITHIN = 10  # s
SLOW_SYNC = 15
PLANT = {
    "endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
    "devices": [{"unit_id": 1, "registers": [{"address": "holding:0", "type": "float32", "count": 50, "shape": "random_walk", "amplitude": 500}]}],
}


def config(plant, broker, outbox):
    return {
        "gateway": {"id": "disk"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "devices": [
            {"name": "machine", "unit_id": 1, "every": "50ms",
             "tags": [{"name": "r{n}", "address": "holding:0", "count": 50, "type": "float32"}]}]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}],
        "outbox": {"path": str(outbox), "reserve": "0B"},  # the disk is smaller than the usual reserve
    }


class Site:
    """A gateway whose outbox is at `outbox`, its broker, and somebody who listens."""

    def __init__(self, bench, outbox, environment=None):
        plant, self.broker = bench.plant(PLANT), bench.mosquitto()
        self.subscriber = bench.subscriber(self.broker)
        self.gateway = bench.gateway(config(plant, self.broker, outbox), environment=environment)
        self.live_data_comes("at the beginning")
        self.broker.stop()  # from here on the outbox has something to write
        wait_for(lambda: self.gateway.get("/api/v1/outbox")["blocks"] >= 1, "a block to be stored")

    def live_data_comes(self, when):
        self.subscriber.wait_for(lambda m: "/data/" in m.topic, f"live data {when}", after=len(self.subscriber.messages))

    def trouble(self):
        return self.gateway.get("/api/v1/outbox").get("trouble") or ""

    def health_is_red(self, words):
        wait_for(lambda: words in self.trouble(), lambda: f"the outbox to say '{words}', not '{self.trouble()}'")
        status, health = rest(self.gateway.socket, "GET", "/api/v1/health")
        expect(status == 503 and any(problem.startswith("outbox: ") for problem in health["problems"]), f"{status} {health}")

    def heals(self, since):
        wait_for(lambda: self.trouble() == "", lambda: f"the outbox to heal; it says '{self.trouble()}'")
        took = time.monotonic() - since
        print(f"        healed {took:.1f} s after the cause had ended (limit {HEALS_WITHIN} s)")
        expect(took <= HEALS_WITHIN, "it heals in time")

    def everything_has_come(self):
        """Every number of this boot up to the newest."""
        def numbers():
            return {m.json["seq"] for m in self.subscriber.messages if any(part in m.topic for part in ("/data/", "/history/", "/event"))}
        newest = max(numbers())

        def missing():
            return sorted(set(range(1, newest + 1)) - numbers())
        wait_for(lambda: not missing(), lambda: f"these to arrive: {missing()[:20]} of {newest}")
        losses = [m.json for m in self.subscriber.messages if "/event" in m.topic and m.json.get("event") == "loss"]
        expect_equal(losses, [], "losses")


def command(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


class SmallDisk:
    """ext4 of 8 MiB on a loop device; None of it where the system does not allow that."""

    def __init__(self, bench):
        self.image, self.at = bench.folder / "disk.img", bench.folder / "disk"
        self.at.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(8 << 20)
        command("mkfs.ext4", "-q", "-O", "^has_journal", self.image)
        self.mount()
        bench.closers.append(lambda: subprocess.run(["umount", "--lazy", self.at], check=False, capture_output=True))

    def mount(self):
        command("mount", "-o", "loop,errors=remount-ro", self.image, self.at)

    def fill(self):
        with open(self.at / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def break_it(self):
        """What a kernel does when it finds its file system broken: an emergency remount, read-only, whoever has files open."""
        device = pathlib.Path(command("findmnt", "-no", "SOURCE", self.at)).name
        pathlib.Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("a test")

    def mend_it(self):
        def unmounted():  # busy while the outbox tries it once a second
            return subprocess.run(["umount", self.at], check=False, capture_output=True).returncode == 0
        wait_for(unmounted, "the file system to be unmounted")
        subprocess.run(["e2fsck", "-p", "-f", self.image], check=False, capture_output=True)
        self.mount()


def small_disk(bench):
    try:
        return SmallDisk(bench)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"SKIPPED: no file system can be mounted here ({error}, {getattr(error, 'stderr', '')})", flush=True)
        return None


def a_really_full_disk(bench):
    if not (disk := small_disk(bench)):
        return
    site = Site(bench, disk.at / "outbox.db")
    disk.fill()
    site.health_is_red("disk full")
    site.broker.start()
    site.live_data_comes("on a full disk")
    site.health_is_red("disk full")
    (disk.at / "filler").unlink()
    site.heals(time.monotonic())
    site.everything_has_come()


def a_disk_that_becomes_read_only(bench):
    if not (disk := small_disk(bench)):
        return
    site = Site(bench, disk.at / "outbox.db")
    try:
        disk.break_it()
    except OSError as error:
        print(f"SKIPPED: this kernel breaks no file system on demand ({error})", flush=True)
        return
    site.health_is_red("disk failed")
    site.broker.start()
    site.live_data_comes("on a read-only disk")
    disk.mend_it()
    site.heals(time.monotonic())
    site.everything_has_come()
    expect("new one was started" not in site.gateway.log(), "the file is the one that it was")


def preloaded(bench):
    library, order = bench.folder / "slow_disk.so", bench.folder / "order"
    command("cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE / "tests/fakes/slow_disk.c", "-ldl")
    return order, {"LD_PRELOAD": str(library), "SLOW_DISK": str(order)}


def say(order, word):
    written = order.with_suffix(".new")
    written.write_text(word)
    os.replace(written, order)


def a_sync_that_takes_more_than_ten_seconds(bench):
    order, environment = preloaded(bench)
    site = Site(bench, bench.folder / "outbox.db", environment)
    say(order, str(SLOW_SYNC))
    wait_for(lambda: not order.exists(), "a sync to begin")
    begun = time.monotonic()
    site.broker.start()
    site.live_data_comes("during the sync")
    site.health_is_red("has not answered")  # said of a sync that goes on
    site.live_data_comes("while health is red")
    site.heals(begun + SLOW_SYNC)
    site.everything_has_come()


def syncs_that_fail(bench):
    order, environment = preloaded(bench)
    site = Site(bench, bench.folder / "outbox.db", environment)
    say(order, "fail")
    site.health_is_red("disk failed")
    site.broker.start()
    site.live_data_comes("while syncs fail")
    order.unlink()
    site.heals(time.monotonic())
    site.everything_has_come()


if __name__ == "__main__":
    run(a_really_full_disk, a_disk_that_becomes_read_only, a_sync_that_takes_more_than_ten_seconds, syncs_that_fail)
