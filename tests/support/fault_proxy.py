"""A proxy in front of a REST catalog that fails requests by a seeded plan.

Each kind of request has a deck of faults that is dealt in random order and shuffled anew when it is empty,
so that each fault comes, and a seed repeats their order.
"""

import http.client
import http.server
import json
import random
import threading
from collections import Counter
from urllib.parse import urlsplit

PASS = "pass"
# `before`: the catalog never sees the request; `after`: it has done it, whatever the answer says.
COMMIT_FAULTS = ("no answer before", "no answer after", "slow answer", "late answer", "late request",
                 "409", "500 before", "500 after", "502 before", "502 after", "503 before", "503 after",
                 "503 retry-after", "504 before", "504 after", "429", "429 retry-after", "401")
LOAD_FAULTS = ("no answer before", "slow answer", "500 before", "502 before", "503 before",
               "503 retry-after", "504 before", "429", "401")
COMMIT_DECK = COMMIT_FAULTS + (PASS,) * 12
LOAD_DECK = LOAD_FAULTS + (PASS,) * 27
NAMES = {"409": "CommitFailedException", "500": "CommitStateUnknownException",
         "503": "ServiceUnavailableException", "429": "TooManyRequestsException",
         "401": "NotAuthorizedException"}
SLOW_S = 0.3
FORWARD_S = 60
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class FaultProxy:
    """`late_s`: longer than the client waits for an answer."""

    def __init__(self, target, seed, late_s, decks=None):
        self.target = urlsplit(target)
        self.late_s = late_s
        self.decks = decks or {"commit": COMMIT_DECK, "load": LOAD_DECK}
        self.counts = {kind: Counter() for kind in self.decks}
        self.dealt = []  # (kind, fault), in order
        self.before_commit = None  # called before one is passed on
        self._random = random.Random(seed)
        self._left = {kind: [] for kind in self.decks}
        self._lock = threading.Lock()
        self._faulty = threading.Event()
        self._calm = threading.Event()  # what waits need not wait any longer
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except ConnectionError:  # the client did not wait
                    self.close_connection = True

            def do(self):
                proxy.answer(self)

            do_GET = do_POST = do_HEAD = do_DELETE = do

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def fail(self):
        """From now on."""
        self._calm.clear()
        self._faulty.set()

    def calm(self):
        """No more faults; requests that were held back go on at once."""
        self._faulty.clear()
        self._calm.set()

    def close(self):
        self.calm()
        self._server.shutdown()
        self._server.server_close()

    def all_dealt(self, times=1, kinds=("commit", "load")):
        """Whether each fault of these decks has come so often."""
        with self._lock:
            return all(self.counts[kind][fault] >= times
                       for kind in kinds for fault in self.decks[kind])

    @staticmethod
    def kind(method, path):
        parts = urlsplit(path).path.strip("/").split("/")
        if len(parts) < 2 or parts[-2] != "tables":
            return None
        return {"POST": "commit", "GET": "load"}.get(method)

    def deal(self, kind):
        if not self._faulty.is_set() or kind is None:
            return PASS
        with self._lock:
            if not self._left[kind]:
                self._left[kind] = list(self.decks[kind])
                self._random.shuffle(self._left[kind])
            fault = self._left[kind].pop()
            self.counts[kind][fault] += 1
            self.dealt.append((kind, fault))
            return fault

    def answer(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        kind = self.kind(handler.command, handler.path)
        fault = self.deal(kind)
        if fault == "no answer before":
            return self.hang_up(handler)
        if fault == "late request":
            self._calm.wait(self.late_s)
        applied = fault in (PASS, "late request", "late answer", "slow answer") or \
            fault.endswith(" after")
        if kind == "commit" and self.before_commit:
            self.before_commit()
        reply = self.forward(handler, body) if applied else None
        if fault == "no answer after":
            return self.hang_up(handler)
        if fault in ("late answer", "slow answer"):
            self._calm.wait(self.late_s if fault == "late answer" else SLOW_S)
        if fault[0].isdigit():
            reply = self.failure(fault)
        return self.send(handler, *reply)

    @staticmethod
    def failure(fault):
        status, *how = fault.split()
        text = json.dumps({"error": {"message": f"made up: {fault}", "code": int(status),
                                     "type": NAMES.get(status, "ServerErrorException")}}).encode()
        headers = [("Content-Type", "application/json")]
        if how == ["retry-after"]:
            headers.append(("Retry-After", "1"))
        return int(status), headers, text

    def forward(self, handler, body):
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port,
                                                timeout=FORWARD_S)
        try:
            headers = {name: value for name, value in handler.headers.items()
                       if name.lower() not in HOP_BY_HOP}
            connection.request(handler.command, handler.path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    @staticmethod
    def hang_up(handler):
        handler.close_connection = True

    @staticmethod
    def send(handler, status, headers, body):
        handler.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                handler.send_header(name, value)
        if status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD" and status != 304:
            handler.wfile.write(body)
