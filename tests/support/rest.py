"""A small client of the REST API."""

import json
import urllib.error
import urllib.request


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Rest:
    def __init__(self, base, timeout=100.0):
        self.base = base.rstrip("/")
        self.timeout = timeout

    def call(self, method, path, body=None, headers=None):
        """`body` is sent as JSON unless it is bytes or text."""
        data = None
        headers = dict(headers or {})
        if body is not None:
            data = body if isinstance(body, bytes) else (
                body.encode() if isinstance(body, str) else json.dumps(body).encode())
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.base + path, data=data, method=method,
                                         headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return Reply(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.headers, error.read().decode())

    def get(self, path):
        return self.call("GET", path)

    def up(self):
        try:
            return self.get("/").status == 200
        except OSError:
            return False
