"""A REST catalog that vends sessions for a bucket, and the gate of a server of S3 that ends each of them
after some requests: whoever does not ask for another one has lost. Tables are in memory; their documents
are changed by PyIceberg."""

import http.client
import http.server
import json
import logging
import threading
from urllib.parse import urlsplit

import boto3
from moto.server import ThreadedMotoServer
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableRequest
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import update_table_metadata

BUCKET = "lake"
FORWARD_S = 60
EXPIRED = (b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>ExpiredToken</Code>'
           b'<Message>The provided token has expired.</Message></Error>')


def _serve(answer):
    """A server that answers by `answer(method, path, headers, body)`: status, headers, body."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, text = answer(self.command, self.path, self.headers, body)
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if "Content-Length" not in dict(headers):
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class VendingCatalog:
    """`lasts`: requests that a session is good for. `stuck`: no fresh ones are made."""

    def __init__(self, lasts):
        self.lasts = lasts
        self.stuck = False
        self.sessions = 1
        self.refused = 0
        self.refused_parts = 0  # of them, parts of an upload that was under way
        self.tables = {}  # (namespace, name): TableMetadata
        self._used = 0
        self._lock = threading.Lock()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self.storage = {"s3.endpoint": f"http://{host}:{port}", "s3.access-key-id": "owner",
                        "s3.secret-access-key": "secret", "s3.path-style-access": "true",
                        "client.region": "us-east-1"}
        self._s3 = urlsplit(self.storage["s3.endpoint"])
        boto3.client("s3", endpoint_url=self.storage["s3.endpoint"], region_name="us-east-1",
                     aws_access_key_id="owner", aws_secret_access_key="secret"
                     ).create_bucket(Bucket=BUCKET)
        self._gate = _serve(self._pass_on)
        self._server = _serve(self._answer)
        self.gate = f"http://127.0.0.1:{self._gate.server_address[1]}"
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        for server in (self._gate, self._server):
            server.shutdown()
            server.server_close()
        self._moto.stop()

    def session(self):
        """The one that is good, else a new one."""
        with self._lock:
            if self._used >= self.lasts and not self.stuck:
                self.sessions += 1
                self._used = 0
            number = self.sessions
        return {**self.storage, "s3.endpoint": self.gate, "s3.access-key-id": f"id{number}",
                "s3.session-token": f"session{number}"}

    def _pass_on(self, method, path, headers, body):
        with self._lock:
            good = headers.get("x-amz-security-token") == f"session{self.sessions}" and \
                self._used < self.lasts
            if good:
                self._used += 1
            else:
                self.refused += 1
                self.refused_parts += "partNumber" in path
        if not good:
            return 400, [("Content-Type", "application/xml")], EXPIRED
        connection = http.client.HTTPConnection(self._s3.hostname, self._s3.port, timeout=FORWARD_S)
        try:
            kept = {name: value for name, value in headers.items()
                    if name.lower() not in ("host", "connection", "content-length")}
            connection.request(method, path, body or None, kept)
            answer = connection.getresponse()
            told = [(name, value) for name, value in answer.getheaders()
                    if name.lower() in ("etag", "content-type", "content-length", "content-range")]
            return answer.status, told, answer.read()
        finally:
            connection.close()

    def _answer(self, method, path, _, body):
        parts = urlsplit(path).path.strip("/").split("/")
        status, told = self._route(method, parts[1:], body)
        return status, [("Content-Type", "application/json")], json.dumps(told).encode()

    def _route(self, method, parts, body):
        if parts == ["config"]:
            return 200, {"defaults": {}, "overrides": {}}
        if parts[0] == "namespaces" and "tables" not in parts:
            return 200, {"namespace": parts[1:], "properties": {}}
        key = (parts[1], parts[3] if len(parts) > 3 else json.loads(body)["name"])
        with self._lock:
            table = self.tables.get(key)
            if method == "POST" and len(parts) == 3:
                table = self.tables[key] = self._create(key, json.loads(body))
            elif table is None:
                return 404, self._error(404, "NoSuchTableException")
            elif method == "POST":
                request = self._commit_request(key, table, json.loads(body))
                try:
                    for requirement in request.requirements:
                        requirement.validate(table)
                except Exception:  # PyIceberg's CommitFailedException
                    return 409, self._error(409, "CommitFailedException")
                table = self.tables[key] = update_table_metadata(table, request.updates)
        return 200, {"metadata-location": f"{table.location}/metadata/in-memory.metadata.json",
                     "metadata": json.loads(table.model_dump_json()), "config": self.session()}

    @staticmethod
    def _commit_request(key, table, body):
        for update in body["updates"]:
            if update["action"] == "add-schema":  # servers number them
                update["schema"]["schema-id"] = max(s.schema_id for s in table.schemas) + 1
        return CommitTableRequest.model_validate({
            **body, "identifier": {"namespace": [key[0]], "name": key[1]}})

    @staticmethod
    def _error(code, kind):
        return {"error": {"message": kind, "type": kind, "code": code}}

    @staticmethod
    def _create(key, request):
        return new_table_metadata(Schema.model_validate(request["schema"]),
                                  UNPARTITIONED_PARTITION_SPEC, UNSORTED_SORT_ORDER,
                                  f"s3://{BUCKET}/{key[0]}/{key[1]}", request["properties"])
