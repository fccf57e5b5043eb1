"""The part of scripts/demo that runs once everything is built. Usage: demo.py FERRULE [--seconds N]; Python's own library only."""
import argparse
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PLANT = """
endpoints:
  - tcp: { listen: 127.0.0.1, port: 0 }
devices:
  - unit_id: 5
    registers:
      - { address: "holding:100", type: float32, order: CDAB, shape: sine, mean: 80, amplitude: 10, period: 12s }
      - { address: "holding:110", type: int16, value: 650 }
      - { address: "holding:120", shape: counter, step: 1, every: 100ms }
"""

CONFIG = """
gateway: {{ id: demo }}
channels:
  - name: boiler_house
    driver: modbus
    tcp: {{ host: 127.0.0.1, port: {plant} }}
    devices:
      - name: boiler
        unit_id: 5
        order: CDAB
        every: 500ms
        tags:
          - {{ name: temperature, address: "holding:100", type: float32, units: "°C" }}
          - {{ name: setpoint, address: "holding:110", type: int16, scale: 0.1, units: "°C", write: {{ min: 20, max: 90 }} }}
          - {{ name: strokes, address: "holding:120" }}
rules:
  - name: overheat
    when: boiler.temperature > 85 for 1s
    until: boiler.temperature < 80
    alarm: {{ severity: high, text: "Boiler at {{boiler.temperature}} °C" }}
uplinks:
  - name: cloud
    mqtt: {{ url: "mqtt://127.0.0.1:{broker}", retry_most: 2s }}
rest: {{ listen: "127.0.0.1:{rest}" }}
"""

BROKER = """
listener {port} 127.0.0.1
allow_anonymous true
user root
persistence true
persistence_location {folder}/
max_queued_messages 100000
"""


class Trouble(Exception):
    """What the demo wanted to show did not happen."""


def heading(text):
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Demo:
    def __init__(self, program, folder):
        self.program, self.folder = pathlib.Path(program).resolve(), folder
        self.children = []
        self.messages = queue.Queue()
        self.broker_port, self.rest_port = free_port(), free_port()
        self.broker = None

    def child(self, name, command, output=None):
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output or log, stderr=log,
                                       start_new_session=True)
        self.children.append((name, process))
        return process

    def start_plant(self):
        (self.folder / "plant.yaml").write_text(PLANT)
        plant = self.child("plant", [self.program, "simulate", self.folder / "plant.yaml"], subprocess.PIPE)
        line = plant.stdout.readline().decode().strip()
        if not line.startswith("tcp "):
            raise Trouble("the simulated plant did not start")
        return int(line.rpartition(":")[2])

    def start_broker(self):
        (self.folder / "mosquitto.conf").write_text(BROKER.format(port=self.broker_port, folder=self.folder))
        # Debian keeps it where only root looks.
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None:
            raise Trouble("mosquitto is not installed, run scripts/install-packages run")
        self.broker = self.child("mosquitto", [program, "-c", self.folder / "mosquitto.conf"])
        self.wait(self.broker_listens, "the broker to listen", 10)

    def broker_listens(self):
        if self.broker.poll() is not None:
            raise Trouble("mosquitto ended")
        try:
            socket.create_connection(("127.0.0.1", self.broker_port), 1).close()
            return True
        except OSError:
            return False

    def start_subscriber(self):
        # A session that stays (-c -i), so that nothing is missed while it finds its way back.
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", self.broker_port, "-q", 1, "-c", "-i", "demo-subscriber", "-v", "-t", "ferrule/#"]
        subscriber = self.child("mosquitto_sub", command, subprocess.PIPE)

        def read():
            for line in subscriber.stdout:
                topic, _, payload = line.decode(errors="replace").strip().partition(" ")
                self.messages.put((topic, payload))
        threading.Thread(target=read, daemon=True).start()

    def start_gateway(self, plant_port):
        (self.folder / "state").mkdir()
        (self.folder / "run").mkdir()
        config = CONFIG.format(plant=plant_port, broker=self.broker_port, rest=self.rest_port)
        (self.folder / "ferrule.yaml").write_text(config)
        self.child("gateway", [self.program, "run", "--config", self.folder / "ferrule.yaml", "--state", self.folder / "state",
                               "--runtime", self.folder / "run"])

    def status(self, *options):
        result = subprocess.run([self.program, "status", "--runtime", self.folder / "run", *options], capture_output=True, text=True)
        return result.stdout if result.returncode in (0, 1) else ""

    def uplink(self):
        try:
            return json.loads(self.status("--json"))["uplinks"][0]
        except (ValueError, KeyError, IndexError):
            return {}

    def wait(self, condition, text, patience):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.1)
        raise Trouble(f"waited {patience} s in vain for {text}")

    def messages_until(self, wanted, text, patience, show=None):
        """Takes messages until `wanted(topic, body)`; prints those that `show` lets through. Returns all of them."""
        taken = []
        end = time.monotonic() + patience
        while True:
            try:
                topic, payload = self.messages.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise Trouble(f"waited {patience} s in vain for {text}") from None
            body = json.loads(payload) if payload else {}
            taken.append((topic, body))
            if show is None or show(topic, body):
                print(f"  {topic} {payload}", flush=True)
            if wanted(topic, body):
                return taken

    def stop(self):
        for _, process in reversed(self.children):
            if process.poll() is None:
                process.terminate()
        for _, process in reversed(self.children):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_alarm(_, body):
    return body.get("event") == "alarm" and body.get("state") == "raised"


def show_messages(demo):
    heading("messages, as mosquitto_sub gets them")
    count = iter(range(6))
    return demo.messages_until(lambda topic, _: "/data/" in topic and next(count) == 5, "data messages", 20)


def show_alarm(demo):
    heading("an alarm: the rule says boiler.temperature > 85 for 1s")
    return demo.messages_until(is_alarm, "the alarm", 25, show=lambda _, body: "event" in body)


def show_outage(demo, seconds):
    heading(f"the broker goes away for {seconds} s; the outbox keeps what it cannot take")
    demo.broker.terminate()
    demo.broker.wait()
    most = 0
    for _ in range(seconds):
        time.sleep(1)
        waiting = demo.uplink().get("waiting_records", 0)
        most = max(most, waiting)
        print(f"  ferrule status: {waiting} records wait for uplink cloud", flush=True)
    print(demo.status())
    if most == 0:
        raise Trouble("nothing was kept while the broker was away")

    heading("the broker is back: present values first, then the backlog, marked \"historical\" on a topic of its own")
    demo.start_broker()
    shown = {"history": 0, "data": 0}

    def show(topic, _):
        lane = topic.split("/")[3]
        shown[lane] = shown.get(lane, 3) + 1
        return shown[lane] <= 3
    taken = demo.messages_until(lambda _, body: body.get("historical"), "the backlog", 30, show)
    demo.wait(lambda: demo.uplink().get("waiting_records") == 0, "the outbox to drain", 30)
    drained = time.time() * 1000
    taken += demo.messages_until(lambda topic, body: "/data/" in topic and body["timestamp"] > drained, "live data", 10, show)
    print(f"  ferrule status: {demo.uplink().get('waiting_records')} records wait for uplink cloud", flush=True)
    return taken


def missing(taken):
    """Numbers that the receiver never saw, of each boot: what MQTT delivered twice is there once in a set."""
    by_boot = {}
    for _, body in taken:
        if "seq" in body:
            by_boot.setdefault(body["boot"], set()).add(body["seq"])
    return sum(max(numbers) - len(numbers) for numbers in by_boot.values()), sum(map(len, by_boot.values()))


def show_completeness(demo, taken):
    heading("nothing is missing")
    lost, count = missing(taken)
    print(f"  {count} records were received, {lost} are missing", flush=True)
    if lost != 0:
        raise Trouble(f"{lost} records never arrived")


def show_what_to_try(demo):
    heading("to try in another terminal")
    run, program = demo.folder / "run", demo.program
    for command in (f"{program} status --runtime {run}", f"{program} get boiler --runtime {run}",
                    f"{program} set boiler.setpoint 70 --runtime {run}", f"{program} watch --runtime {run}",
                    f"curl http://127.0.0.1:{demo.rest_port}/api/v1/status", f"curl http://127.0.0.1:{demo.rest_port}/metrics",
                    f"mosquitto_sub -h 127.0.0.1 -p {demo.broker_port} -v -t 'ferrule/#'"):
        print(f"  {command}")
    print(f"  Configuration and logs: {demo.folder}", flush=True)


def perform(demo, seconds):
    begun = time.monotonic()
    heading("a simulated plant, a broker, the gateway")
    plant_port = demo.start_plant()
    demo.start_broker()
    demo.start_subscriber()
    demo.start_gateway(plant_port)
    print(f"  plant: Modbus TCP on 127.0.0.1:{plant_port}; broker: 127.0.0.1:{demo.broker_port}; REST: 127.0.0.1:{demo.rest_port}")
    taken = show_messages(demo)
    if not any(is_alarm(*message) for message in taken):
        taken += show_alarm(demo)
    taken += show_outage(demo, 5 if seconds is None or seconds < 40 else 10)
    show_completeness(demo, taken)
    show_what_to_try(demo)
    if seconds is None:
        print("\nCtrl-C ends it.", flush=True)
        while True:
            demo.messages.get()
    time.sleep(max(0.0, seconds - (time.monotonic() - begun)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int)
    arguments = parser.parse_args()
    if arguments.seconds is not None and arguments.seconds < 25:
        sys.exit("demo: it takes at least 25 seconds to show everything")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ferrule-demo."))
    demo = Demo(arguments.program, folder)
    keep = False
    try:
        perform(demo, arguments.seconds)
        heading("done")
    except KeyboardInterrupt:
        heading("stopped")
    except Trouble as trouble:
        keep = True
        print(f"\ndemo: {trouble}; the logs are in {folder}", file=sys.stderr)
    finally:
        demo.stop()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if keep else 0)


if __name__ == "__main__":
    main()
