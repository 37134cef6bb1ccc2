"""The two workers under test: ours and Kafka's own."""

import os
import shutil
import tempfile
from pathlib import Path

from kafka_broker import class_path, free_port
from process import Process, wait_until
from rest import Rest

REPO = Path(__file__).resolve().parents[2]
STRING = "org.apache.kafka.connect.storage.StringConverter"


def properties(settings):
    def escape(text):
        return str(text).replace("\\", "\\\\").replace("\n", "\\n")
    return "".join(f"{key}={escape(value)}\n" for key, value in settings.items())


class Worker:
    """A standalone worker in a folder of its own; `settings` are added to the worker file."""

    ready_timeout = 60.0

    def __init__(self, settings, folder=None, env=None):
        self.owns_folder = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="millrace-worker-"))
        self.port = free_port()
        self.env = dict(os.environ, **(env or {}))
        self.settings = {
            "key.converter": STRING,
            "value.converter": STRING,
            "offset.storage.file.filename": str(self.folder / "connect.offsets"),
            "offset.flush.interval.ms": "1000",
            "listeners": f"http://127.0.0.1:{self.port}",
            **settings,
        }
        self.process = None
        self.rest = Rest(f"http://127.0.0.1:{self.port}")

    def command(self, arguments):
        raise NotImplementedError

    def launch(self, *connectors):
        """Starts the process; connectors are dicts (written as properties files) or paths."""
        worker_file = self.folder / "worker.properties"
        worker_file.write_text(properties(self.settings))
        files = []
        for connector in connectors:
            if isinstance(connector, dict):
                path = self.folder / f"{connector['name']}.properties"
                path.write_text(properties(connector))
                connector = path
            files.append(str(connector))
        self.process = Process(self.command([str(worker_file), *files]),
                               self.folder / "worker.log", env=self.env, cwd=self.folder)
        return self

    def start(self, *connectors):
        self.launch(*connectors)
        wait_until(lambda: self.rest.up() or not self.process.alive(), self.ready_timeout,
                   "an answer of the worker", 0.005)
        if not self.process.alive():
            raise RuntimeError("the worker ended:\n" + self.process.output()[-4000:])
        return self

    def state(self, name):
        """States of connector and tasks, e.g. ('RUNNING', ['RUNNING'])."""
        reply = self.rest.get(f"/connectors/{name}/status")
        if reply.status != 200:
            return None, []
        status = reply.json()
        return status["connector"]["state"], [t["state"] for t in status["tasks"]]

    def offsets(self, name):
        """Committed offsets; none while the connector does not exist yet."""
        reply = self.rest.get(f"/connectors/{name}/offsets")
        return reply.json()["offsets"] if reply.status == 200 else []

    def wait_running(self, name, tasks=1, timeout=30.0):
        wait_until(lambda: self.state(name) == ("RUNNING", ["RUNNING"] * tasks), timeout,
                   f"{name} to run with {tasks} tasks; now {self.state(name)}")

    def stop(self):
        return self.process.stop()

    def close(self):
        if self.process:
            self.process.kill()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Millrace(Worker):
    binary = os.environ.get("MILLRACE_BIN", str(REPO / "build" / "dev" / "bin" / "millrace"))

    def command(self, arguments):
        return [str(self.binary), "standalone", *arguments]

    @classmethod
    def embedded(cls, settings=None, folder=None, env=None):
        """On an embedded log in its own folder."""
        worker = cls(settings or {}, folder, env)
        worker.settings["embedded.log.dir"] = str(worker.folder / "log")
        return worker


class JavaWorker(Worker):
    heap = ["-Xms256m", "-Xmx2g"]

    def command(self, arguments):
        return ["java", *self.heap, "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
                "-cp", class_path(), "org.apache.kafka.connect.cli.ConnectStandalone", *arguments]

    def __init__(self, settings, folder=None, env=None):
        super().__init__({"plugin.discovery": "service_load", **settings}, folder, env)


class Cluster:
    """What the workers of one group share: its name, its topics, their settings."""

    serial = 0

    def __init__(self, broker, settings=None):
        Cluster.serial += 1
        self.group = f"cluster-{os.getpid()}-{Cluster.serial}"
        self.settings = {
            "bootstrap.servers": broker.bootstrap,
            "group.id": self.group,
            "scheduled.rebalance.max.delay.ms": "0",
            **{f"{kind}.storage.topic": f"{self.group}-{kind}"
               for kind in ("config", "offset", "status")},
            **{f"{kind}.storage.replication.factor": "1"
               for kind in ("config", "offset", "status")},
            **(settings or {}),
        }

    def topic(self, kind):
        return self.settings[f"{kind}.storage.topic"]

    def millrace(self, settings=None, **more):
        return MillraceMember({**self.settings, **(settings or {})}, **more)

    def java(self, settings=None, **more):
        return JavaMember({**self.settings, **(settings or {})}, **more)


class Member:
    """Mixed into a worker: it belongs to a group, so it keeps no offset file."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        del self.settings["offset.storage.file.filename"]

    @property
    def id(self):
        return f"127.0.0.1:{self.port}"

    def joined(self):
        """Whether it has joined and has its first assignment."""
        try:
            return self.rest.get("/health").status == 200
        except OSError:
            return False

    def join(self, timeout=60.0):
        self.launch()
        wait_until(lambda: self.joined() or not self.process.alive(), timeout, "a join", 0.005)
        if not self.process.alive():
            raise RuntimeError("the worker ended:\n" + self.process.output()[-4000:])
        return self


class MillraceMember(Member, Millrace):
    def command(self, arguments):
        return [str(self.binary), "distributed", *arguments]


class JavaMember(Member, JavaWorker):
    heap = ["-Xms256m", "-Xmx512m"]

    def command(self, arguments):
        return [*super().command([])[:-1], "org.apache.kafka.connect.cli.ConnectDistributed",
                *arguments]


def file_source(name, file, topic, **more):
    return {"name": name, "connector.class": "FileStreamSource", "tasks.max": "1",
            "file": str(file), "topic": topic, **more}


def file_sink(name, file, topic, **more):
    return {"name": name, "connector.class": "FileStreamSink", "tasks.max": "1",
            "file": str(file), "topics": topic, **more}
