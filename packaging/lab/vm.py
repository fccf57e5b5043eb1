"""The emulated arm64 machine."""
import json
import pathlib
import subprocess
import time

from waiting import Failure

LAB = pathlib.Path(__file__).resolve().parents[2] / "build/lab"
LINE_PORT = 15022  # the far end of the serial adapter


class Vm:
    """Its disk outlives it. `lines` are what the agent in it said since the start, decoded."""

    def __init__(self, disk, phase, name):
        self.port, self.console = LAB / "agent.out", LAB / f"console.{name}.log"
        self.port.write_bytes(b"")
        self.read, self.rest, self.lines = 0, b"", []
        command = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a72", "-accel", "tcg", "-smp", "1", "-m", "512",
                   "-display", "none", "-nodefaults", "-no-reboot", "-serial", f"file:{self.console}",
                   "-kernel", LAB / "vmlinuz", "-initrd", LAB / "initrd",
                   "-append", f"root=/dev/vda rw console=ttyAMA0 quiet loglevel=3 net.ifnames=0 audit=0 systemd.show_status=0 panic=-1 lab={phase}",
                   "-drive", f"file={disk},if=virtio,format=raw,cache=writeback",
                   "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
                   "-device", "virtio-serial-pci", "-chardev", f"file,id=agent,path={self.port}", "-device", "virtserialport,chardev=agent,name=lab",
                   "-device", "qemu-xhci", "-chardev", f"socket,id=line,host=127.0.0.1,port={LINE_PORT},reconnect=1",
                   "-device", "usb-serial,chardev=line"]
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL)

    def look(self):
        """Reads what is new; the last complete line, if any came."""
        with open(self.port, "rb") as file:
            file.seek(self.read)
            new = file.read()
        self.read += len(new)
        *whole, self.rest = (self.rest + new).split(b"\n")
        for line in whole:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                pass  # a line that the cut of the port's buffer split
        return self.lines[-1] if self.lines else None

    def wait_for(self, condition, limit, text):
        end = time.monotonic() + limit
        while True:
            line = self.look()
            if line and condition(line):
                return line
            if self.process.poll() is not None:
                raise Failure(f"qemu ended with {self.process.returncode} while waiting for {text}; see {self.console}")
            if time.monotonic() > end:
                raise Failure(f"waited {limit} s for {text}; last {str(line)[:1500]}; see {self.console}")
            time.sleep(0.2)

    def cut(self):
        self.process.kill()
        self.process.wait()
        self.look()
