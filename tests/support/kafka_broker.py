#!/usr/bin/env python3
"""A real single-node Kafka broker for tests.

  kafka_broker.py run -- COMMAND ...   runs COMMAND with MILLRACE_TEST_BOOTSTRAP set
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from process import Process, cache_dir, wait_until  # noqa: E402

KAFKA_VERSION = "4.1.1"
JVM = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
       "-XX:-UsePerfData", "-Dorg.slf4j.simpleLogger.defaultLogLevel=info"]
START_TRIES = 3


def class_path():
    return str(cache_dir() / f"kafka-{KAFKA_VERSION}" / "lib" / "*")


def java(main, *arguments, jvm=JVM):
    return ["java", *jvm, "-cp", class_path(), main, *arguments]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """Listens on the same ports after a restart; data stays in its folder.

    `listeners` are further ones by name, each with its security protocol; their settings
    (`listener.name....`) go into `settings`. `scram_users` are names with passwords.
    """

    def __init__(self, folder=None, settings=None, listeners=None, scram_users=None):
        self.owns_folder = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="millrace-broker-"))
        self.settings = settings or {}
        self.listeners = listeners or {}
        self.scram_users = scram_users or {}
        self.process = None
        self.port = None
        self.ports = {}

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def address(self, listener):
        return f"127.0.0.1:{self.ports[listener]}"

    def _write_config(self, port, controller):
        own = "".join(f",{name}://127.0.0.1:{p}" for name, p in self.ports.items())
        protocols = "".join(f",{name}:{p}" for name, p in self.listeners.items())
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{own}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}{own}",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{protocols}",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "1",
            "group.initial.rebalance.delay.ms": "0",
            **self.settings,
        }
        config = self.folder / "server.properties"
        config.write_text("".join("{}={}\n".format(k, str(v).replace("\\", "\\\\"))
                                  for k, v in settings.items()))
        return config

    def _format(self, config):
        if (self.folder / "data" / "meta.properties").exists():
            return
        users = [f"--add-scram={mechanism}=[name={name},password={password}]"
                 for name, password in self.scram_users.items()
                 for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")]
        subprocess.run(java("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk",
                            "-c", str(config), *users), check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def start(self):
        """Starts and waits until it serves; picks other ports when they were taken meanwhile."""
        tries = START_TRIES if self.port is None else 1
        for attempt in range(tries):
            if self.port is None or attempt > 0:
                self.port, self.controller = free_port(), free_port()
                self.ports = {name: free_port() for name in self.listeners}
            config = self._write_config(self.port, self.controller)
            self._format(config)
            log = self.folder / "broker.log"
            log.unlink(missing_ok=True)
            self.process = Process(java("kafka.Kafka", str(config)), log)
            wait_until(lambda: "Kafka Server started" in self.process.output()
                       or not self.process.alive(), 90, "the broker's start")
            if self.process.alive():
                return self
            if "Address already in use" not in self.process.output():
                break
        raise RuntimeError("the broker did not start:\n" + self.process.output()[-3000:])

    def stop(self):
        if self.process:
            self.process.stop(60)

    def kill(self):
        self.process.kill()

    def close(self):
        if self.process:
            self.process.kill()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


def run(command):
    with Broker() as broker:
        env = dict(os.environ, MILLRACE_TEST_BOOTSTRAP=broker.bootstrap)
        return subprocess.run(command, env=env).returncode


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1:3] != ["run", "--"]:
        sys.exit(__doc__)
    sys.exit(run(sys.argv[3:]))
