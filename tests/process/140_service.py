"""Does the program behave as its unit says: READY, watchdog, reload, a stop within 5 s?"""
import signal
import socket
import time

from harness import FERRULE, Program, expect, expect_equal, run, wait_for


class Manager:
    """The service manager's end of the notification socket."""

    def __init__(self, bench):
        self.path = bench.folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(20)
        self.heard = []
        bench.closers.append(self.socket.close)

    def wait_for(self, word):
        while True:
            self.heard.append(self.socket.recv(4096).decode())
            if word in self.heard[-1]:
                return self.heard[-1]


def start(bench, manager, text="gateway: { id: unit }\nrest: { listen: 127.0.0.1:0 }\n", watchdog="400000"):
    config = bench.folder / "ferrule.yaml"
    config.write_text(text)
    environment = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": watchdog, "STATE_DIRECTORY": str(bench.folder / "state"),
                   "RUNTIME_DIRECTORY": str(bench.folder / "run")}
    for folder in ("state", "run"):
        (bench.folder / folder).mkdir(exist_ok=True)
    return Program(bench, "gateway", [FERRULE, "run", "--config", config], environment)


def ready_watchdog_reload_and_stop_are_told_to_the_service_manager(bench):
    manager = Manager(bench)
    program = start(bench, manager)
    manager.wait_for("READY=1")
    for _ in range(3):
        manager.wait_for("WATCHDOG=1")
    program.signal(signal.SIGHUP)
    expect("MONOTONIC_USEC=" in manager.wait_for("RELOADING=1"), "Type=notify-reload wants the time")
    manager.wait_for("READY=1")
    asked = time.monotonic()
    program.signal(signal.SIGTERM)
    manager.wait_for("STOPPING=1")
    expect_equal(program.wait(), 0, "exit code")
    expect(time.monotonic() - asked < 5, "it stops within 5 s")


def it_stops_in_time_with_a_silent_device_and_a_frozen_broker(bench):
    manager, broker = Manager(bench), bench.mosquitto()
    silent = socket.create_server(("127.0.0.1", 0))  # accepts by backlog and never answers
    bench.closers.append(silent.close)
    program = start(bench, manager, f"""
gateway: {{ id: unit }}
rest: {{ listen: 127.0.0.1:0 }}
channels:
  - name: dead
    driver: modbus
    tcp: {{ host: 127.0.0.1, port: {silent.getsockname()[1]} }}
    timeout: 3s
    devices: [{{ name: mute, every: 1s, tags: [{{ name: a, address: holding:1 }}] }}]
uplinks:
  - {{ name: cloud, mqtt: {{ url: "{broker.url}" }} }}
""")
    manager.wait_for("READY=1")
    connection, _ = silent.accept()
    bench.closers.append(connection.close)
    expect(connection.recv(100), "the device is asked")
    broker.freeze()
    asked = time.monotonic()
    expect_equal(program.stop(10), 0, "exit code")
    expect(time.monotonic() - asked < 5, f"it took {time.monotonic() - asked:.1f} s to stop")


def a_second_gateway_on_the_same_state_is_refused_with_the_reason(bench):
    manager = Manager(bench)
    start(bench, manager)
    manager.wait_for("READY=1")
    second = start(bench, manager)
    expect(second.wait() != 0, "the second one ends")
    expect("cannot start" in second.log(), second.log())


if __name__ == "__main__":
    run(ready_watchdog_reload_and_stop_are_told_to_the_service_manager, it_stops_in_time_with_a_silent_device_and_a_frozen_broker,
        a_second_gateway_on_the_same_state_is_refused_with_the_reason)
