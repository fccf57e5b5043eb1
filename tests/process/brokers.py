"""A real broker, and an independent client of it."""
import dataclasses
import functools
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import paho.mqtt.client

from programs import Program
from waiting import PATIENCE, Failure, expect, free_port, wait_for


class Mosquitto:
    """A real broker on a loopback port that stays the same over restarts.

    passwords: { user: password } or None for anonymous. tls: a folder made by make_certificates(), or None.
    """

    def __init__(self, bench, passwords=None, tls=None, lines=(), port=None):
        self.bench, self.port = bench, port or free_port()
        self.folder = bench.folder / f"mosquitto.{self.port}"
        self.folder.mkdir()
        # As root it would go over to the user mosquitto, who may not read this folder.
        config = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {'false' if passwords else 'true'}", "user root",
                  # stop() keeps the sessions of subscribers, so that they miss nothing; kill() does not. And no drops.
                  "max_queued_messages 0", "persistence true", f"persistence_location {self.folder}/", *lines]
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

    @functools.cached_property
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


@dataclasses.dataclass
class Heard:
    at: float  # time.monotonic()
    topic: str
    payload: str

    @functools.cached_property
    def json(self):
        return json.loads(self.payload)


class Listener:
    """mosquitto_sub: hears fast and says exactly when, where the client above would be too slow. It does not come back when the broker dies."""

    _mark_topic = "listener/mark"

    def __init__(self, bench, broker, topic):
        self._program = Program(bench, "listener", ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", broker.port, "-q", "1",
                                                    "-t", topic, "-t", self._mark_topic, "-F", "%U %t %p"])
        self._file = open(self._program.log_path, encoding="utf-8", errors="replace")
        bench.closers.append(self._file.close)
        self._port, self._line, self._marks, self._marked = broker.port, "", 0, 0
        self._wall_ahead = time.time() - time.monotonic()
        self.messages = []
        wait_for(self._mark, "mosquitto_sub to listen", every=0.1)

    def new(self):
        """What came since the last call; it is in `messages`, too."""
        found = []
        for line in self._file:
            self._line += line
            if not line.endswith("\n"):
                break  # it is just being written
            line, self._line = self._line.rstrip("\n"), ""
            at, topic, payload = line.split(" ", 2)
            if topic == self._mark_topic:
                self._marked = int(payload)
            else:
                found.append(Heard(float(at) - self._wall_ahead, topic, payload))
        self.messages += found
        return found

    def catch_up(self):
        """Returns when everything that the broker has acknowledged by now is in `messages`."""
        wanted = self._marks + 1
        self._mark()
        wait_for(lambda: self.new() and False or self._marked >= wanted, "mosquitto_sub to catch up")

    def _mark(self):
        self._marks += 1
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self._port), "-q", "1", "-t", self._mark_topic, "-m", str(self._marks)], check=True)
        self.new()
        return self._marked
