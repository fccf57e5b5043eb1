"""The program under test, and the devices that it talks to, as child processes. FERRULE names the program (default: build/release)."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import yaml

from waiting import PATIENCE, Failure, expect, wait_for

SOURCE = pathlib.Path(os.environ.get("FERRULE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
FERRULE = os.path.abspath(os.environ.get("FERRULE", SOURCE / "build/release/ferrule"))


class Program:
    """A child process with its output in a file. Killed by the bench."""

    def __init__(self, bench, name, command, environment=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.log_path = bench.folder / f"{name}.{len(bench.programs)}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=subprocess.STDOUT, stdin=stdin,
                cwd=bench.folder, env={**os.environ, **(environment or {})}, start_new_session=True)
        bench.programs.append(self)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def wait_for_log(self, words, patience=None):
        """The first line with `words` in it."""
        def line():
            found = [line for line in self.log().splitlines() if words in line]
            expect(found or self.running(), f"{self.name} ended with {self.process.poll()} before it said '{words}'")
            return found and found[0]
        return wait_for(line, f"{self.name} to say '{words}'", patience)

    def signal(self, number):
        self.process.send_signal(number)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """As a power cut would end it: no farewell."""
        if self.running():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, patience=None):
        """Asks it to end (SIGTERM) and returns its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(patience)

    def wait(self, patience=None):
        try:
            return self.process.wait(patience or PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {patience or PATIENCE:g} s") from None


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def rest(unix_socket, method, target, body=None, timeout=None):
    """(HTTP status, decoded body) of one request over the gateway's Unix socket."""
    connection = UnixConnection(unix_socket, timeout or PATIENCE)
    with contextlib.closing(connection):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, target, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(text) if is_json and text else text


class _NoAliases(yaml.SafeDumper):
    """Writes a part that stands twice out twice: ferrule refuses aliases."""

    def ignore_aliases(self, data):
        return True


def as_yaml(document):
    """A text "!secret NAME" becomes the name of a secret."""
    text = yaml.dump(document, Dumper=_NoAliases, sort_keys=False, allow_unicode=True)
    return re.sub(r"'(!secret [^']*)'", r"\1", text)


class Gateway:
    """`ferrule run` in folders of its own. Restarting it keeps its state, as a reboot does."""

    def __init__(self, bench, config, name="gateway", ready=True, environment=None):
        self.bench, self.name, self.environment = bench, name, environment
        self.folder = bench.folder / name
        self.state, self.runtime = self.folder / "state", self.folder / "run"
        for folder in (self.state, self.runtime):
            folder.mkdir(parents=True, exist_ok=True)
        self.config_file = self.folder / "ferrule.yaml"
        self.socket = self.runtime / "ferrule.sock"
        self.program = None
        self.configure(config)
        self.start(ready)

    def configure(self, config):
        """Writes the configuration file: a dict, or the text of one. A port of REST that is not given is a free one."""
        if isinstance(config, dict):
            config.setdefault("rest", {}).setdefault("listen", "127.0.0.1:0")
            config = as_yaml(config)
        self.config_file.write_text(config)

    def start(self, ready=True):
        command = [FERRULE, "run", "--config", self.config_file, "--state", self.state, "--runtime", self.runtime,
                   "--profiles", SOURCE / "config/profiles", "--secrets", self.folder]
        self.program = Program(self.bench, self.name, command, self.environment)
        if ready:
            self.wait_until_ready()

    def wait_until_ready(self, patience=None):
        def ready():
            expect(self.program.running(), f"the gateway ended with {self.program.process.poll()} before it was ready")
            return self.get("/api/v1/status")
        return wait_for(ready, "the gateway's REST socket to answer", patience)

    def get(self, target):
        status, body = rest(self.socket, "GET", target)
        expect(status == 200, f"GET {target} answered {status}: {body}")
        return body

    def put(self, target, body):
        return rest(self.socket, "PUT", target, body)

    def post(self, target, body=None):
        return rest(self.socket, "POST", target, body if body is not None else {})

    def command(self, *arguments, patience=None):
        """A client command of the command line, e.g. command("status"): its subprocess.CompletedProcess."""
        return ferrule(*arguments, "--runtime", self.runtime, patience=patience)

    def reload(self):
        self.program.signal(signal.SIGHUP)

    def stop(self, patience=None):
        return self.program.stop(patience)

    def kill(self):
        self.program.kill()

    def log(self):
        return self.program.log()


def ferrule(*arguments, patience=None):
    """Runs the program to its end and returns the CompletedProcess with its texts."""
    return subprocess.run([FERRULE, *map(str, arguments)], capture_output=True, text=True, timeout=patience or PATIENCE)


class SimulatedPlant:
    """`ferrule simulate` with a plant of ours: a dict, or the text of the file."""

    def __init__(self, bench, plant):
        text = plant if isinstance(plant, str) else as_yaml(plant)
        file = bench.folder / f"plant.{len(bench.programs)}.yaml"
        file.write_text(text)
        endpoints = yaml.safe_load(text)["endpoints"]
        self.program = Program(bench, "plant", [FERRULE, "simulate", file])

        def lines():
            expect(self.program.running(), f"ferrule simulate ended:\n{self.program.log()}")
            found = [line for line in self.program.log().splitlines() if line.startswith(("tcp ", "serial "))]
            return found if len(found) == len(endpoints) else None
        self.endpoints = wait_for(lines, "the simulated plant to print its endpoints")

    @property
    def ports(self):
        return [int(line.rpartition(":")[2]) for line in self.endpoints if line.startswith("tcp ")]

    @property
    def port(self):
        return self.ports[0]

    def stop(self):
        return self.program.stop()


class Commanded:
    """A device of tests/fakes that serves until its standard input ends and answers each line there with one."""

    def __init__(self, bench, name, script, *arguments):
        self.program = Program(bench, name, [sys.executable, "-u", SOURCE / "tests/fakes" / script, *arguments], stdin=subprocess.PIPE)
        self.endpoint = self.program.wait_for_log("ready ").split()[-1]
        self._answers = 1

    @property
    def port(self):
        return int(self.endpoint)

    def command(self, text):
        """One of its commands; returns its answer."""
        self.program.process.stdin.write(f"{text}\n".encode())
        self.program.process.stdin.flush()
        self._answers += 1

        def answer():
            lines = self.program.log().splitlines()
            return lines[self._answers - 1] if len(lines) >= self._answers else None
        return wait_for(answer, f"{self.program.name} to answer '{text}'")


class PymodbusServer(Commanded):
    """A device that is not ours: tests/fakes/pymodbus_server.py with these arguments."""

    def __init__(self, bench, *arguments):
        super().__init__(bench, "pymodbus", "pymodbus_server.py", *arguments)


class PacedLine(Commanded):
    """Units on a line with a baud rate: tests/fakes/paced_line.py with these arguments."""

    def __init__(self, bench, *arguments):
        super().__init__(bench, "line", "paced_line.py", *arguments)

    def report(self):
        """What has happened since the last one; units as numbers."""
        report = json.loads(self.command("report"))
        for key in ("polls", "asked", "answered_at", "writes"):
            report[key] = {int(number): value for number, value in report[key].items()}
        return report


class SerialPair:
    """A null-modem cable of two pseudo terminals (socat): paths `a` and `b`."""

    def __init__(self, bench):
        number = len(bench.programs)
        self.a, self.b = bench.folder / f"line.{number}.a", bench.folder / f"line.{number}.b"
        ends = [f"pty,raw,echo=0,link={end}" for end in (self.a, self.b)]
        self.program = Program(bench, "socat", ["socat", *ends])
        wait_for(lambda: self.a.exists() and self.b.exists(), "socat to make the line")
