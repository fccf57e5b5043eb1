#!/usr/bin/python3
"""Measures a paced serial line of 32 units, and the same behind one TCP gateway, with some of them dead, and how long a write waits.
Prints each figure beside its limit. Never part of the test run; 235_sick_units.py is the short form.

    FERRULE=build/release/ferrule tests/bench/line.py                    all, about 7 minutes
    FERRULE=build/release/ferrule tests/bench/line.py dead               one of: dead own back write bad

FERRULE_BENCH_SECONDS (60) is how long each rate is counted.
"""
import sys

from figures import SECONDS, row
import line_cases
from harness import Bench


def measure(case, *arguments, **options):
    """One case with programs of its own."""
    bench = Bench()
    try:
        return case(bench, *arguments, **options)
    except BaseException:
        bench.print_logs()
        raise
    finally:
        bench.close()


def dead():
    """1 of 32 units is dead: what the others keep of the rate that they had; the line is asked for more than it can bear."""
    gateway = {"baud": 19200, "tcp": True}
    for name, options in (("serial, 115,200", {}), ("serial, 19,200", {"baud": 19200}), ("TCP gateway, 19,200", gateway),
                          ("TCP gateway that waits 0.3 s, 19,200", {**gateway, "patience": 0.3})):
        rate, worst = measure(line_cases.one_dead, SECONDS, **options)
        row(f"dead: rate lost by the 31 others, {name}", 100 * (1 - rate), "%", 5)
        row("dead: by the worst off of them", 100 * (1 - worst), "%", 5 + 100 / SECONDS)  # and one poll in or out of the count


def own():
    """1 of 32 TCP devices is dead, each on an endpoint of its own, polled each 100 ms."""
    rate, overruns = measure(line_cases.own_endpoints, min(SECONDS, 20))
    row("own: rate lost by the 31 others", 100 * (1 - rate), "%", 0.5)  # one poll in or out of the count
    row("own: their overruns", overruns, "", 0)


def back():
    """Units that come back after having been dead for 30 s."""
    for name, options in (("serial", {}), ("TCP gateway", {"tcp": True})):
        one = measure(line_cases.recovery, 30, **options)
        row(f"back: seconds until one is asked again, {name}", one["seconds"], "s", 10)
        print(f"  online after {one['answers']} answers at most")
        row(f"back: until 20 of 32 are all polled again, {name}", measure(line_cases.twenty_back, 30, **options), "s", 10)


def write():
    """A write among polls of 125 registers that leave no gap: p99 from its arrival on the channel until it goes out. Beside it, from this
    program's REST request to its bytes at the simulated line: with the silence before it, HTTP, and two programs in Python."""
    for baud, count in ((115200, 300), (9600, 100)):
        waits, asked, one_poll = measure(line_cases.writes, count, baud)
        row(f"write: p99 of {count} at {baud}, in polls of {one_poll * 1000:.1f} ms", waits[int(len(waits) * 0.99)] / one_poll, "polls", 1)
        for name, times in (("on the channel", waits), ("from asking to the line", asked)):
            p99 = times[int(len(times) * 0.99)]
            print(f"  {name}: median {times[len(times) // 2] * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, most {times[-1] * 1000:.1f} ms")


def bad():
    """A register that the device refuses, in the middle of a block: in which poll all its neighbours are good."""
    for registers in (21, 125):
        row(f"bad: first good poll, a block of {registers} registers", measure(line_cases.bad_register, registers), ".", 3)


def main():
    benches = {"dead": dead, "own": own, "back": back, "write": write, "bad": bad}
    for name in sys.argv[1:] or list(benches):
        print(f"{name}: {' '.join(benches[name].__doc__.split())}", flush=True)
        benches[name]()


if __name__ == "__main__":
    main()
