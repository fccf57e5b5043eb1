"""Expectations and waiting. Nothing here sleeps for a guessed time: wait_for() polls a condition until a deadline."""
import http.client
import os
import socket
import time

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
