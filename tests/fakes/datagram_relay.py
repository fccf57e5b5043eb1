"""A network of datagrams between clients and one server, with the faults of radio: loss, duplicates, another order.

    relay = DatagramRelay(server_port, loss=0.3, duplicates=0.1, reordered=0.2, seed=7)
    ... clients talk to relay.port; relay.close()

Each copy of each datagram, in either direction, meets its fate by itself. What is reordered comes up to 200 ms late, so that later ones
overtake it.
"""
import heapq
import random
import selectors
import socket
import threading
import time

LATEST = 0.2  # s


class DatagramRelay:
    def __init__(self, server_port, loss=0.0, duplicates=0.0, reordered=0.0, seed=1):
        self.loss, self.duplicates, self.reordered = loss, duplicates, reordered
        self.counts = {"seen": 0, "lost": 0, "duplicated": 0, "late": 0}
        self._random = random.Random(seed)
        self._server = ("127.0.0.1", server_port)
        self._front = self._socket()
        self._front.bind(("127.0.0.1", 0))
        self.port = self._front.getsockname()[1]
        self._backs = {}  # client's address -> the socket that speaks for it
        self._waiting = []  # (when, number, socket, bytes, to)
        self._number = 0
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ, None)
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @staticmethod
    def _socket():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        return made

    def _run(self):
        while not self._stop:
            pause = max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else 0.1
            for key, _ in self._selector.select(min(pause, 0.1)):
                self._take(key.fileobj, key.data)
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                _, _, way, datagram, to = heapq.heappop(self._waiting)
                self._send(way, datagram, to)

    def _take(self, way, client):
        try:
            datagram, sender = way.recvfrom(65536)
        except OSError:  # what the other side had closed
            return
        if client is not None:
            return self._pass_on(self._front, datagram, client)
        back = self._backs.get(sender)
        if back is None:
            back = self._backs[sender] = self._socket()
            self._selector.register(back, selectors.EVENT_READ, sender)
        self._pass_on(back, datagram, self._server)

    def _pass_on(self, way, datagram, to):
        self.counts["seen"] += 1
        copies = 1
        if self._random.random() < self.duplicates:
            copies = 2
            self.counts["duplicated"] += 1
        for _ in range(copies):
            if self._random.random() < self.loss:
                self.counts["lost"] += 1
            elif self._random.random() < self.reordered:
                self.counts["late"] += 1
                self._number += 1
                heapq.heappush(self._waiting, (time.monotonic() + self._random.random() * LATEST, self._number, way, datagram, to))
            else:
                self._send(way, datagram, to)

    @staticmethod
    def _send(way, datagram, to):
        try:
            way.sendto(datagram, to)
        except OSError:
            pass

    def close(self):
        self._stop = True
        self._thread.join()
        for way in [self._front, *self._backs.values()]:
            way.close()
