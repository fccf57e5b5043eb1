"""The toolbox for tests of the real program against real peers.

A test is a function; `run(test, ...)` at the end of the file gives each a Bench: a temporary folder that starts programs and
kills all of them afterwards, whatever happened. A failing test prints the log of everything that it started.

    def values_arrive(bench):
        plant = bench.plant("...")
        broker = bench.mosquitto()
        ...
    run(values_arrive)

Nothing here sleeps for a guessed time: wait_for() polls a condition until a deadline. FERRULE names the program under test.
"""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import paho.mqtt.client
import yaml

FERRULE = os.environ.get("FERRULE", "ferrule")
SOURCE = pathlib.Path(os.environ.get("FERRULE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PATIENCE = float(os.environ.get("FERRULE_TEST_PATIENCE", "20"))  # seconds; sanitized and emulated runs want more


class Failure(AssertionError):
    """An expectation that did not hold; its text is for people."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def expect_equal(found, wanted, text=""):
    expect(found == wanted, f"{text}\n  expected {wanted!r}\n  found    {found!r}")


def wait_for(condition, text, patience=None, every=0.02):
    """What `condition()` returns once it is true; its exceptions of connecting count as "not yet"."""
    end = time.monotonic() + (patience or PATIENCE)
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, http.client.HTTPException) as error:
            last = error
        if time.monotonic() > end:
            raise Failure(f"waited {patience or PATIENCE:g} s in vain: {text() if callable(text) else text} (last: {last!r})")
        time.sleep(every)


def free_port(kind=socket.SOCK_STREAM):
    """For programs that cannot choose one themselves. Somebody else may take it first; our own ones take port 0."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """A child process with its output in a file. Killed by the bench."""

    def __init__(self, bench, name, command, environment=None):
        self.name = name
        self.log_path = bench.folder / f"{name}.{len(bench.programs)}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
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


class Gateway:
    """`ferrule run` in folders of its own. Restarting it keeps its state, as a reboot does."""

    def __init__(self, bench, config, name="gateway", ready=True):
        self.bench, self.name = bench, name
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
            config = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
        self.config_file.write_text(config)

    def start(self, ready=True):
        command = [FERRULE, "run", "--config", self.config_file, "--state", self.state, "--runtime", self.runtime,
                   "--profiles", SOURCE / "config/profiles", "--secrets", self.folder]
        self.program = Program(self.bench, self.name, command)
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


class Mosquitto:
    """A real broker on a loopback port that stays the same over restarts.

    passwords: { user: password } or None for anonymous. tls: a folder made by make_certificates(), or None.
    """

    def __init__(self, bench, passwords=None, tls=None, lines=()):
        self.bench, self.port = bench, free_port()
        self.folder = bench.folder / f"mosquitto.{self.port}"
        self.folder.mkdir()
        # As root it would go over to the user mosquitto, who may not read this folder.
        config = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {'false' if passwords else 'true'}", "user root", *lines]
        if passwords:
            file = self.folder / "passwords"
            file.write_text("".join(f"{user}:{password}\n" for user, password in passwords.items()))
            subprocess.run(["mosquitto_passwd", "-U", file], check=True)
            config.append(f"password_file {file}")
        if tls:
            config += [f"cafile {tls}/ca.pem", f"certfile {tls}/server.pem", f"keyfile {tls}/server.key"]
        self.config_file = self.folder / "mosquitto.conf"
        self.config_file.write_text("\n".join(config) + "\n")
        self.program = None
        self.start()

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        self.program = Program(self.bench, "mosquitto", ["mosquitto", "-c", self.config_file])
        self.program.wait_for_log("mosquitto version")

        def listening():
            expect(self.program.running(), "mosquitto did not start")
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        wait_for(listening, "mosquitto to listen")

    def stop(self):
        self.program.stop()

    def kill(self):
        self.program.kill()

    def freeze(self):
        self.program.freeze()

    def thaw(self):
        self.program.thaw()


def make_certificates(folder, name="localhost"):
    """An authority and a server certificate for `name` and 127.0.0.1: ca.pem, server.pem, server.key. Returns the folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=ferrule test authority", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")
    return folder


class Message:
    def __init__(self, message):
        self.at = time.monotonic()
        self.wall = time.time()
        self.topic, self.qos, self.retain, self.payload = message.topic, message.qos, message.retain, message.payload

    @property
    def json(self):
        return json.loads(self.payload)

    def __repr__(self):
        return f"{self.topic} {self.payload[:200]!r}"


class Subscriber:
    """An independent MQTT client (paho, MQTT 3.1.1) that keeps every message; it comes back by itself when the broker does."""

    def __init__(self, bench, broker, topic="#", qos=1, username=None, password=None, ca=None):
        self.messages = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        # A session that stays: what is published while this client is on its way back is not lost to the test.
        self._client = paho.mqtt.client.Client(f"subscriber-{os.getpid()}-{id(self)}", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        if username:
            self._client.username_pw_set(username, password)
        if ca:
            self._client.tls_set(str(ca))
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._keep
        bench.closers.append(self.close)
        self._client.connect("127.0.0.1", broker.port, keepalive=5)
        self._client.loop_start()
        expect(self._subscribed.wait(PATIENCE), f"no answer to the subscription of {topic}")

    def _keep(self, _client, _userdata, message):
        with self._changed:
            self.messages.append(Message(message))
            self._changed.notify_all()

    def wait_for(self, predicate, text, patience=None, after=0):
        """The first message, counted from index `after`, for which `predicate(message)` is true."""
        return self.wait_for_all(lambda messages: next(filter(predicate, messages[after:]), None), text, patience)

    def wait_for_all(self, predicate, text, patience=None):
        """What `predicate(list of messages)` returns as soon as it is true."""
        end = time.monotonic() + (patience or PATIENCE)
        seen = -1
        with self._changed:
            while True:
                if len(self.messages) != seen:
                    seen = len(self.messages)
                    found = predicate(self.messages)
                    if found:
                        return found
                if not self._changed.wait(max(0, end - time.monotonic())) and time.monotonic() >= end:
                    last = "\n    ".join(map(repr, self.messages[-5:]))
                    raise Failure(f"waited in vain for a message: {text}; {len(self.messages)} came, the last:\n    {last}")

    def on_topic(self, words):
        with self._changed:
            return [message for message in self.messages if words in message.topic]

    def publish(self, topic, payload, qos=1):
        self._client.publish(topic, payload, qos).wait_for_publish(PATIENCE)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


class SimulatedPlant:
    """`ferrule simulate` with a plant of ours: a dict, or the text of the file."""

    def __init__(self, bench, plant):
        text = plant if isinstance(plant, str) else yaml.safe_dump(plant, sort_keys=False)
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


class PymodbusServer:
    """A device that is not ours: tests/fakes/pymodbus_server.py with these arguments, which prints "port N" when it serves."""

    def __init__(self, bench, *arguments):
        script = SOURCE / "tests/fakes/pymodbus_server.py"
        self.program = Program(bench, "pymodbus", [sys.executable, "-u", script, *arguments])

    @property
    def port(self):
        return int(self.program.wait_for_log("port ").split()[-1])


class SerialPair:
    """A null-modem cable of two pseudo terminals (socat): paths `a` and `b`."""

    def __init__(self, bench):
        number = len(bench.programs)
        self.a, self.b = bench.folder / f"line.{number}.a", bench.folder / f"line.{number}.b"
        ends = [f"pty,raw,echo=0,link={end}" for end in (self.a, self.b)]
        self.program = Program(bench, "socat", ["socat", *ends])
        wait_for(lambda: self.a.exists() and self.b.exists(), "socat to make the line")


class Bench:
    """What one test works with; as a context it leaves nothing behind."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ferrule-test."))
        self.programs = []
        self.closers = []

    def program(self, name, command, environment=None):
        return Program(self, name, command, environment)

    def gateway(self, config, **options):
        return Gateway(self, config, **options)

    def mosquitto(self, **options):
        return Mosquitto(self, **options)

    def subscriber(self, broker, topic="#", **options):
        return Subscriber(self, broker, topic, **options)

    def plant(self, plant):
        return SimulatedPlant(self, plant)

    def pymodbus(self, *arguments):
        return PymodbusServer(self, *arguments)

    def serial_pair(self):
        return SerialPair(self)

    def print_logs(self):
        for program in self.programs:
            state = "still running" if program.running() else f"ended with {program.process.returncode}"
            print(f"---- log of {program.name} ({state})\n{program.log()[-20000:]}", file=sys.stderr)

    def close(self):
        for closer in self.closers:
            with contextlib.suppress(Exception):
                closer()
        for program in reversed(self.programs):
            program.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def run(*tests):
    """Runs each test with a Bench of its own (only those named on the command line, if any) and exits."""
    wanted = sys.argv[1:]
    unknown = set(wanted) - {test.__name__ for test in tests}
    if unknown:
        sys.exit(f"no test {', '.join(unknown)}; there are {', '.join(test.__name__ for test in tests)}")
    # A test that CTest gives up on must not leave programs behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = []
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        begun = time.monotonic()
        bench = Bench()
        try:
            test(bench)
            print(f"ok      {test.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception as error:  # whatever it was, the other tests still run
            failed.append(test.__name__)
            print(f"FAILED  {test.__name__}: {error}", file=sys.stderr)
            if not isinstance(error, Failure):
                traceback.print_exc()
            else:
                print(f"  at {traceback.extract_tb(error.__traceback__)[1]}", file=sys.stderr)
            bench.print_logs()
        finally:
            bench.close()
    sys.exit(1 if failed else 0)
