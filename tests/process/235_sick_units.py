"""Do dead units on a line leave it to the others, and are they back at once? Briefly, on a shared machine, hence with wider limits than
the figures have: tests/bench/line.py measures those."""
import line_cases
from harness import expect, expect_equal, run

TIMEOUT = "200ms"  # so that units are soon found dead


def a_dead_unit_on_a_serial_line_leaves_it_to_the_others(bench):
    rate, worst = line_cases.one_dead(bench, 3, timeout=TIMEOUT)
    expect(rate > 0.9, f"31 units keep their rate while one is dead: {rate:.3f}")
    expect(worst > 0.7, f"and so does each: {worst:.3f}")


def a_dead_unit_behind_a_gateway_leaves_it_to_the_others(bench):
    rate, worst = line_cases.one_dead(bench, 3, tcp=True, timeout=TIMEOUT)
    expect(rate > 0.9, f"31 units keep their rate while one is dead: {rate:.3f}")
    expect(worst > 0.7, f"and so does each: {worst:.3f}")


def a_dead_unit_that_a_gateway_waits_for_leaves_it_to_the_others(bench):
    rate, worst = line_cases.one_dead(bench, 3, tcp=True, timeout="500ms", patience=0.1)
    expect(rate > 0.85, f"31 units keep their rate while one is dead: {rate:.3f}")
    expect(worst > 0.6, f"and so does each: {worst:.3f}")


def a_dead_unit_on_an_endpoint_of_its_own_costs_the_others_nothing(bench):
    rate, overruns = line_cases.own_endpoints(bench, 2)
    expect(rate > 0.95, f"31 endpoints are polled at their rate: {rate:.3f}, {overruns} overruns")


def a_dead_unit_is_back_at_its_first_answer(bench):
    back = line_cases.recovery(bench, 1, timeout=TIMEOUT)
    expect(back["answers"] >= 1, "it was asked again")
    expect(back["seconds"] < 10, f"soon: {back['seconds']:.1f} s")


def twenty_of_32_that_come_back_together_are_all_polled_within_ten_seconds(bench):
    seconds = line_cases.twenty_back(bench, 1, timeout=TIMEOUT)
    expect(seconds < 10, f"after {seconds:.1f} s")


def a_write_waits_for_one_poll_at_most(bench):
    waits, _, one_poll = line_cases.writes(bench, 20, 115200)
    expect_equal(len(waits), 20)
    expect(waits[len(waits) // 2] < 2 * one_poll, f"half of the writes within two polls, at least: {waits[len(waits) // 2]:.3f} s")


run(a_dead_unit_on_a_serial_line_leaves_it_to_the_others, a_dead_unit_behind_a_gateway_leaves_it_to_the_others,
    a_dead_unit_that_a_gateway_waits_for_leaves_it_to_the_others, a_dead_unit_on_an_endpoint_of_its_own_costs_the_others_nothing,
    a_dead_unit_is_back_at_its_first_answer, twenty_of_32_that_come_back_together_are_all_polled_within_ten_seconds,
    a_write_waits_for_one_poll_at_most)
