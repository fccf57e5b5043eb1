"""A Debian with systemd as PID 1 in a container (systemd-nspawn), over a pristine root that stays as it is.

It shares our network namespace, which packaging/test-deb has made for it: so brokers, devices and clients of the tests run
natively on this side and are reached on 127.0.0.1 from both.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from waiting import Failure, expect, wait_for

BOOT_LIMIT = 60  # seconds; 2 s natively or under emulation on an idle machine


class Machine:
    def __init__(self, bench, root, name="ferrule-test"):
        self.bench, self.name = bench, name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferrule-machine.", dir=pathlib.Path(root).parent))
        self.root = self.folder / "root"
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir()
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={root},upperdir={self.folder}/upper,workdir={self.folder}/work", self.root], check=True)
        bench.closers.append(self.close)
        self.binds = []
        self.nspawn = None
        self.leader = None

    def bind(self, outside, inside):
        """A device file of ours under a name of its own inside; before start()."""
        self.binds.append(f"--bind={outside}:{inside}")

    def start(self):
        command = ["systemd-nspawn", "--quiet", "--directory", str(self.root), "--boot", "--register=no", "--keep-unit",
                   f"--machine={self.name}", *self.binds]
        self.console = open(self.bench.folder / "console.log", "ab")
        self.nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT)
        wait_for(self._find_leader, "the container's systemd", BOOT_LIMIT, every=0.1)
        wait_for(lambda: self.try_run("test", "-S", "/run/systemd/private").returncode == 0, "systemd to answer", BOOT_LIMIT, every=0.1)
        self.try_run("systemctl", "is-system-running", "--wait", limit=BOOT_LIMIT)

    def _find_leader(self):
        expect(self.nspawn.poll() is None, f"systemd-nspawn ended: {(self.bench.folder / 'console.log').read_text()[-2000:]}")
        found = subprocess.run(["pgrep", "-P", str(self.nspawn.pid)], capture_output=True, text=True).stdout.split()
        self.leader = found[0] if found else None
        return self.leader

    def try_run(self, *command, limit=120, text=None):
        entered = ["nsenter", "--target", self.leader, "--all", "--", "/usr/bin/env", "-i", "-C", "/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                   "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_PAGER=", "LC_ALL=C.UTF-8", *map(str, command)]
        return subprocess.run(entered, capture_output=True, text=True, timeout=limit, input=text)

    def run(self, *command, **options):
        """The output of a command inside; it must succeed."""
        done = self.try_run(*command, **options)
        if done.returncode != 0:
            raise Failure(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def show(self, property_name, unit="ferrule.service"):
        return self.run("systemctl", "show", "--property", property_name, "--value", unit).strip()

    def journal(self, *options):
        return self.try_run("journalctl", "--unit=ferrule", "--no-pager", "--output=cat", *options).stdout

    def write(self, path, text, mode=0o644):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def put(self, outside, inside):
        shutil.copy(outside, self.root / inside.lstrip("/"))

    def stop(self):
        if self.nspawn and self.nspawn.poll() is None:
            os.kill(int(self.leader), signal.SIGRTMIN + 4)  # systemd's word for poweroff
            try:
                self.nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()

    def close(self):
        self.stop()
        subprocess.run(["umount", "--lazy", self.root], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
