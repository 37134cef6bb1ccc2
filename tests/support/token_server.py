"""A token endpoint over https, as OIDC providers have one, for the broker of secured_broker.py."""

import base64
import http.server
import json
import ssl
import threading
import time

from secured_broker import USER


def token(seconds=3600):
    """As the broker's validator of unsecured tokens wants it."""
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    now = time.time()
    return part({"alg": "none"}) + "." + part({"sub": USER, "iat": now, "exp": now + seconds}) + "."


class TokenServer:
    """Keeps the pairs of Authorization and body it was asked with in `requests`."""

    def __init__(self, ca, status=200):
        self.requests, self.status = [], status
        handler = type("TokenEndpoint", (http.server.BaseHTTPRequestHandler,), {
            "do_POST": lambda request: self._answer(request), "log_message": lambda *_: None})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        key, certificate = ca.issue("endpoint")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/oauth/token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        self.requests.append((request.headers["Authorization"], body))
        answer = json.dumps({"access_token": token(), "token_type": "Bearer"}).encode()
        request.send_response(self.status)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
