"""Iceberg's REST catalog server: the fixture of its own tests, with SQLite and files behind it."""

import os
import socket
import urllib.error
import urllib.request
from pathlib import Path

from process import Process, wait_until

START_S = 60


def free_port():
    """The server takes a number only; another may take the port first, and then the start fails."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class CatalogServer:
    """`jars`: the folder that `scripts/setup --print-iceberg-jars` names."""

    def __init__(self, jars, folder):
        folder = Path(folder)
        port = free_port()
        self.uri = f"http://127.0.0.1:{port}"
        self.warehouse = f"file://{folder}/warehouse"
        environment = os.environ | {
            "CATALOG_REST_PORT": str(port), "CATALOG_WAREHOUSE": self.warehouse,
            "CATALOG_URI": f"jdbc:sqlite:{folder}/catalog.db", "CATALOG_CLIENTS": "1",
            "CATALOG_CATALOG__NAME": "lake"}
        self._process = Process(
            ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", f"{jars}/*",
             "org.apache.iceberg.rest.RESTCatalogServer"], folder / "catalog.log", env=environment)
        try:
            wait_until(self._answers, START_S, "an answer of the catalog server")
        except Exception as error:
            self.stop()
            raise RuntimeError(f"the catalog server did not start:\n{self.output()}") from error

    def _answers(self):
        if not self._process.alive():
            raise RuntimeError("it ended")
        try:
            with urllib.request.urlopen(self.uri + "/v1/config", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def output(self):
        return self._process.output()

    def stop(self):
        self._process.kill()
