"""An instrument that answers lines: `R <unit>` with its values, `W <unit> <number>` with OK. Unit 9 never answers.

    instrument.py tcp | udp | serial PORT

Prints `ready <port>` once it can be reached. Debian's own Python only.
"""
import functools
import os
import select
import socket
import sys
import threading
import tty

setpoint = {}


def answer(line):
    words = line.split()
    if len(words) < 2 or words[1] == "9":
        return None
    if words[0] == "R":
        return f"V;{words[1]};21.5;{setpoint.get(words[1], 0)};run"
    if words[0] == "W" and len(words) == 3:
        setpoint[words[1]] = int(float(words[2]))
        return "OK"
    return "ERR"


def talk(read, write):
    """Serves one stream until it ends."""
    buffer = b""
    while chunk := read():
        buffer += chunk
        while b"\n" in buffer or b"\r" in buffer:
            at = min(i for i in (buffer.find(b"\n"), buffer.find(b"\r")) if i >= 0)
            line, buffer = buffer[:at].decode(), buffer[at + 1:]
            reply = answer(line) if line else None
            if reply:
                write((reply + "\r\n").encode())


def serve_tcp():
    server = socket.create_server(("127.0.0.1", 0))
    print("ready", server.getsockname()[1], flush=True)
    while True:
        peer, _ = server.accept()
        threading.Thread(target=talk, args=(functools.partial(peer.recv, 1024), peer.sendall), daemon=True).start()


def serve_udp():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print("ready", server.getsockname()[1], flush=True)
    while True:
        datagram, peer = server.recvfrom(65536)
        reply = answer(datagram.decode().strip())
        if reply:
            server.sendto(reply.encode(), peer)


def serve_serial(path):
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    print("ready", path, flush=True)

    def read():
        select.select([port], [], [])
        return os.read(port, 1024)
    talk(read, lambda data: os.write(port, data))


if __name__ == "__main__":
    {"tcp": serve_tcp, "udp": serve_udp, "serial": lambda: serve_serial(sys.argv[2])}[sys.argv[1]]()
