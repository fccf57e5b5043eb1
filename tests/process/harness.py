"""The toolbox for tests of the real program against real peers.

A test is a function; `run(test, ...)` at the end of the file gives each a Bench: a temporary folder that starts programs and
kills all of them afterwards, whatever happened. A failing test prints the log of everything that it started.

    def values_arrive(bench):
        plant = bench.plant("...")
        broker = bench.mosquitto()
        ...
    run(values_arrive)

The parts are in waiting.py, programs.py (the program and its devices) and brokers.py; tests import all of it from here.
"""
import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import traceback

from brokers import Heard, Listener, Message, Mosquitto, Subscriber, make_certificates  # noqa: F401
from programs import (FERRULE, SOURCE, Gateway, PacedLine, Program, PymodbusServer, SerialPair, SimulatedPlant, ferrule, rest)  # noqa: F401
from waiting import PATIENCE, Failure, expect, expect_equal, free_port, wait_for  # noqa: F401


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

    def listener(self, broker, topic="#"):
        return Listener(self, broker, topic)

    def plant(self, plant):
        return SimulatedPlant(self, plant)

    def pymodbus(self, *arguments):
        return PymodbusServer(self, *arguments)

    def paced_line(self, *arguments):
        return PacedLine(self, *arguments)

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
