#!/usr/bin/env python3
"""Units on a line that takes its time: Modbus RTU on a pseudo terminal, or behind one Modbus TCP gateway, at the pace of a baud rate.

    paced_line.py [--tcp | --link PATH] [--baud 19200] [--units 32] [--turnaround 0.002] [--patience 1]

Prints "ready PORT" or "ready PATH". Units 1 .. N answer functions 3, 4 (a register holds its own address), 6 and 16. An answer is
there when its last byte would be: the request's bytes, the turnaround and the answer's bytes after the request came, 11 bits a byte.
A pseudo terminal has no pace of its own, so the time of the request's bytes is spent here, too. Behind the TCP gateway requests
wait for one another as they do for a line; a unit that is not there is silence, as with most of them, or with --patience keeps the
line busy for so many seconds and is then reported by exception 11, as with the others.

Commands on stdin, one a line, each answered by a line of JSON:
    silence A-B     these units do not answer from now on
    answer A-B      and now they do again
    report          {"seconds": since the last report, "polls": {unit: reads answered}, "asked": {unit: all requests},
                    "answered_at": {unit: monotonic time of its first answer since the last report, or null},
                    "writes": {value written: monotonic time at which its request had come}, "line": share of time in use}
    quit            (end of input does the same)
"""
import argparse
import ctypes
import json
import os
import pty
import select
import socket
import struct
import sys
import time
import tty

BITS = 11  # start, 8 data, parity or second stop, stop
PR_SET_TIMERSLACK = 29


def crc(frame):
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def pause_until(moment):
    left = moment - time.monotonic()
    if left > 0:
        time.sleep(left)


class Line:
    def __init__(self, options):
        self.byte = BITS / options.baud
        self.turnaround = options.turnaround
        self.patience = options.patience
        self.units = range(1, options.units + 1)
        self.silent = set()
        self.clear()

    def clear(self):
        self.since, self.busy = time.monotonic(), 0.0
        self.polls = dict.fromkeys(self.units, 0)
        self.asked = dict.fromkeys(self.units, 0)
        self.answered_at = dict.fromkeys(self.units)
        self.writes = {}

    def exchange(self, unit, pdu, came):
        """The answer's PDU when its time has come; None for silence. `came`: when the request's last byte was here."""
        function, address = struct.unpack_from(">BH", pdu)
        begun = came + (len(pdu) + 3) * self.byte
        if unit in self.asked:
            self.asked[unit] += 1
        if function in (6, 16):
            self.writes[struct.unpack(">H", pdu[-2:])[0]] = came
        if unit not in self.units or unit in self.silent:
            given_up = begun + self.patience
            self.busy += given_up - came
            pause_until(given_up)
            return bytes([function | 0x80, 11]) if self.patience else None
        answer = self.answer(function, address, pdu)
        ready = begun + self.turnaround + (len(answer) + 3) * self.byte
        pause_until(ready)
        self.busy += ready - came
        self.answered_at[unit] = self.answered_at[unit] or time.monotonic()
        if function in (3, 4):
            self.polls[unit] += 1
        return answer

    @staticmethod
    def answer(function, address, pdu):
        if function in (3, 4):
            count = struct.unpack_from(">H", pdu, 3)[0]
            return struct.pack(">BB", function, 2 * count) + struct.pack(f">{count}H", *range(address, address + count))
        return pdu[:5] if function in (6, 16) else bytes([function | 0x80, 1])

    def command(self, text):
        word, _, units = text.partition(" ")
        if word == "report":
            seconds = time.monotonic() - self.since
            report = {"seconds": seconds, "polls": self.polls, "asked": self.asked, "answered_at": self.answered_at,
                      "writes": self.writes, "line": self.busy / seconds}
            self.clear()
            return report
        first, _, last = units.partition("-")
        named = set(range(int(first), int(last or first) + 1))
        self.silent = self.silent | named if word == "silence" else self.silent - named
        return {}


class Serial:
    """The pseudo terminal."""

    def __init__(self, link):
        self.fd, device = pty.openpty()
        tty.setraw(device)
        self.device = device  # held open: the line outlives the gateway's turn at it
        self.link = link or os.ttyname(device)
        if link:
            os.symlink(os.ttyname(device), link)
        self.bytes = b""

    def descriptors(self):
        return [self.fd]

    def serve(self, line, _fd):
        self.bytes += os.read(self.fd, 512)
        came = time.monotonic()
        while len(self.bytes) >= 8:
            size = 9 + self.bytes[6] if self.bytes[1] == 16 else 8
            if len(self.bytes) < size:
                return
            frame, self.bytes = self.bytes[:size], self.bytes[size:]
            if crc(frame[:-2]) != frame[-2:]:
                self.bytes = b""
                return
            answer = line.exchange(frame[0], frame[1:-2], came)
            if answer is not None:
                answer = bytes([frame[0]]) + answer
                os.write(self.fd, answer + crc(answer))


class Gateway:
    """One TCP port before the line."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.link = self.listener.getsockname()[1]
        self.connections = {}

    def descriptors(self):
        return [self.listener.fileno(), *self.connections]

    def serve(self, line, fd):
        if fd == self.listener.fileno():
            connection = self.listener.accept()[0]
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[connection.fileno()] = [connection, b""]
            return
        connection, held = self.connections[fd]
        got = connection.recv(4096)
        if not got:
            self.connections.pop(fd)[0].close()
            return
        held += got
        came = time.monotonic()
        while len(held) >= 7 and len(held) >= 6 + struct.unpack_from(">H", held, 4)[0]:
            size = 6 + struct.unpack_from(">H", held, 4)[0]
            frame, held = held[:size], held[size:]
            answer = line.exchange(frame[6], frame[7:], came)
            if answer is not None:
                connection.sendall(frame[:4] + struct.pack(">HB", len(answer) + 1, frame[6]) + answer)
        self.connections[fd][1] = held


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tcp", action="store_true")
    parser.add_argument("--link")
    parser.add_argument("--baud", type=int, default=19200)
    parser.add_argument("--units", type=int, default=32)
    parser.add_argument("--turnaround", type=float, default=0.002)
    parser.add_argument("--patience", type=float, default=0)
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)  # nanosecond: a sleep ends when it should
    line = Line(options)
    end = Gateway() if options.tcp else Serial(options.link)
    print(f"ready {end.link}", flush=True)
    while True:
        ready = select.select([sys.stdin, *end.descriptors()], [], [])[0]
        for one in ready:
            if one is not sys.stdin:
                end.serve(line, one)
                continue
            text = sys.stdin.readline().strip()
            if text in ("", "quit"):
                return
            print(json.dumps(line.command(text)), flush=True)


if __name__ == "__main__":
    main()
