"""What may be lost and what may come twice, judged from outside. Knows nothing of ferrule but its promises."""
import bisect
import collections
import dataclasses


@dataclasses.dataclass
class Stop:
    at: float  # just before the signal
    over: float  # the program had ended
    served: int  # numbers that the device had served by then: 0 .. served-1
    clean: bool


@dataclasses.dataclass
class Arrival:
    at: float
    number: int
    boot: int
    seq: int


@dataclasses.dataclass
class Verdict:
    served: int
    delivered: int
    oldest_missing: float  # seconds beyond flush_after
    repeats: int
    most_repeats: int
    faults: list


class Judge:
    COMMIT = 1.0  # s: how long a commit may take on a busy machine
    CURSOR = 1.0  # s: acknowledgements of so long before a stop may be forgotten
    LAG = 0.2  # s: a message can still be on its way to the subscriber when the program has ended
    WINDOW = 64  # messages that may be in flight

    def __init__(self, served, stops, cuts, flush_after):
        self.served, self.stops, self.flush_after = served, stops, flush_after
        # After each of these what was on its way may come again.
        self.events = sorted([stop.over for stop in stops] + list(cuts))

    def verdict(self, arrivals):
        faults = []
        delivered = {arrival.number for arrival in arrivals}
        oldest = self._lost(delivered, faults)
        repeats = self._repeated(arrivals, faults)
        return Verdict(self.stops[-1].served, len(delivered), oldest, sum(repeats.values()), max(repeats.values(), default=0), faults)

    def _lost(self, delivered, faults):
        oldest, first = 0, 0
        for stop in self.stops:
            missing = [number for number in range(first, stop.served) if number not in delivered]
            first = stop.served
            # The last one served may have been on the wire, not read.
            if stop.clean and [number for number in missing if number != stop.served - 1]:
                faults.append(f"a clean stop lost {len(missing)}: {missing[:5]} of up to {stop.served - 1}")
            for number in missing:
                age = stop.at - self.served[number] - self.flush_after
                oldest = max(oldest, age)
                if age > self.COMMIT:
                    faults.append(f"number {number} is lost, served {age:.3f} s before the last that flush_after excuses")
        return oldest

    def _repeated(self, arrivals, faults):
        first, last_at, values = {}, {}, {}
        repeats = collections.Counter()
        for arrival in arrivals:
            pair = (arrival.boot, arrival.seq)
            if values.setdefault(pair, arrival.number) != arrival.number:
                faults.append(f"{pair} is both {values[pair]} and {arrival.number}")
            if first.setdefault(arrival.number, pair) != pair:
                faults.append(f"number {arrival.number} came as {first[arrival.number]} and again as {pair}")
            before = last_at.get(arrival.number)
            last_at[arrival.number] = arrival.at
            if before is None:
                continue
            event = self._event_after(before)
            repeats[event] += 1
            if event is None or event - before > self.CURSOR + self.COMMIT:
                faults.append(f"number {arrival.number} came again although it had arrived "
                              + ("and nothing stopped" if event is None else f"{event - before:.3f} s before the stop"))
        for event, count in repeats.items():
            acknowledged = sum(event is not None and event - self.CURSOR - self.COMMIT <= arrival.at <= event + self.LAG for arrival in arrivals)
            if count > self.WINDOW + acknowledged:
                faults.append(f"{count} repeats after one stop, {acknowledged} arrived in the second before")
        return repeats

    def _event_after(self, at):
        place = bisect.bisect_left(self.events, at - self.LAG)
        return self.events[place] if place < len(self.events) else None
