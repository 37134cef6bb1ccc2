"""A schema registry as far as one is asked for schemas by id; it can have trouble."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SchemaRegistry:
    """`schemas`: by id. `trouble`: by id, a status to answer in place of the schema."""

    def __init__(self, schemas):
        self.schemas = schemas
        self.trouble = {}
        self.asked = []  # ids, as they came
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.reply(*registry.answer(self.path))

            def reply(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path):
        match = re.fullmatch(r"/schemas/ids/(\d+)(?:\?.*)?", path)
        if not match:
            return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}
        id = int(match[1])
        self.asked.append(id)
        if id in self.trouble:
            return self.trouble[id], {"error_code": self.trouble[id], "message": "trouble"}
        if id not in self.schemas:
            return 404, {"error_code": 40403, "message": "Schema not found"}
        return 200, {"schema": json.dumps(self.schemas[id])}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
