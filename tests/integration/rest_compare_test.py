"""The same REST calls to the Java worker and to Millrace: the same status, the same body."""

import json
import re
import unittest

from flow import FlowTest, bootstrap, unique
from workers import JavaWorker, Millrace

SOURCE = {"connector.class": "FileStreamSource", "tasks.max": "1", "file": "FOLDER/in", "topic": "T"}
SINK = {"connector.class": "FileStreamSink", "tasks.max": "2", "file": "FOLDER/out", "topics": "T"}
JSON = {"Content-Type": "application/json"}


def create(name, config, **more):
    return {"name": name, "config": config, **more}


# method, path, body (None: none), headers, what to compare: "body" or "status".
CALLS = [
    ("GET", "/connectors", None, {}, "body"),
    ("POST", "/connectors", create("src", SOURCE), {}, "body"),
    ("POST", "/connectors", create("src", SOURCE), {}, "body"),
    ("POST", "/connectors", create("dst", SINK), {}, "body"),
    ("GET", "/connectors/src", None, {}, "body"),
    ("GET", "/connectors/src/config", None, {}, "body"),
    ("GET", "/connectors/dst/tasks", None, {}, "body"),
    ("GET", "/connectors/none", None, {}, "body"),
    ("GET", "/connectors/none/status", None, {}, "body"),
    ("GET", "/connectors/src/tasks/7/status", None, {}, "body"),
    ("GET", "/connectors/none/topics", None, {}, "body"),
    ("GET", "/connectors?expand=bogus", None, {}, "body"),
    ("GET", "/connectors?expand=info", None, {}, "body"),
    ("PUT", "/connectors/src/config", {**SOURCE, "batch.size": 100}, {}, "body"),
    ("PATCH", "/connectors/src/config", {"batch.size": None, "tasks.max": "1"}, {}, "body"),
    ("PATCH", "/connectors/none/config", {"a": "b"}, {}, "body"),
    ("PUT", "/connectors/other/config", {**SOURCE, "name": "src"}, {}, "body"),
    ("POST", "/connectors", create("bad", {**SOURCE, "tasks.max": "0"}), {}, "body"),
    ("POST", "/connectors", create("bad", {**SOURCE, "tasks.max": "x"}), {}, "body"),
    ("POST", "/connectors", create("bad", {"connector.class": "FileStreamSink", "file": "f"}), {},
     "body"),
    ("POST", "/connectors", create("bad", {"connector.class": "FileStreamSink", "file": "f",
                                           "topics": "a", "topics.regex": "b"}), {}, "body"),
    ("POST", "/connectors", create("bad", {"file": "f"}), {}, "status"),
    ("POST", "/connectors", create("bad", {**SOURCE, "connector.class": "None"}), {}, "status"),
    ("POST", "/connectors", "{", JSON, "status"),
    ("POST", "/connectors", "", JSON, "status"),
    ("POST", "/connectors", "[]", JSON, "status"),
    ("POST", "/connectors", create("x", SOURCE, extra=1), {}, "status"),
    ("POST", "/connectors", create("x", SOURCE, initial_state="GONE"), {}, "status"),
    ("POST", "/connectors", "{}", {"Content-Type": "text/plain"}, "status"),
    ("GET", "/connectors", None, {"Accept": "text/html"}, "status"),
    ("GET", "/nothing", None, {}, "status"),
    ("DELETE", "/connectors", None, {}, "status"),
    ("GET", "/connectors/", None, {}, "body"),
    ("OPTIONS", "/connectors", None, {}, "status"),
    ("HEAD", "/connectors", None, {}, "status"),
    ("DELETE", "/connectors/a%2Fb", None, {}, "status"),
    ("GET", "/connectors/src/tasks/x/status", None, {}, "status"),
    ("DELETE", "/connectors/src/offsets", None, {}, "body"),
    ("PATCH", "/connectors/src/offsets", {}, {}, "body"),
    ("PATCH", "/connectors/src/offsets", [], {}, "status"),
    ("PUT", "/connectors/src/stop", None, {}, "body"),
    ("GET", "/connectors/src/tasks", None, {}, "body"),
    ("PATCH", "/connectors/src/offsets", {"offsets": [{"partition": {"filename": "FOLDER/in"},
                                                       "offset": {"position": 4}}]}, {}, "body"),
    ("GET", "/connectors/src/offsets", None, {}, "body"),
    ("PATCH", "/connectors/src/offsets", {"offsets": [{"partition": {"filename": "FOLDER/in"},
                                                       "offset": {"position": -4}}]}, {}, "status"),
    ("PATCH", "/connectors/src/offsets", {"offsets": [{"partition": {"x": [1]}, "offset": {}}]},
     {}, "status"),
    ("DELETE", "/connectors/src/offsets", None, {}, "body"),
    ("GET", "/connectors/src/offsets", None, {}, "body"),
    ("PUT", "/connectors/none/pause", None, {}, "body"),
    ("PUT", "/connectors/none/resume", None, {}, "body"),
    ("PUT", "/connectors/none/stop", None, {}, "body"),
    ("DELETE", "/connectors/none", None, {}, "body"),
    ("POST", "/connectors/none/restart?includeTasks=true", None, {}, "body"),
    ("POST", "/connectors/dst/tasks/9/restart", None, {}, "body"),
    ("POST", "/connectors/none/tasks/0/restart", None, {}, "status"),
    ("POST", "/connectors/dst/restart", None, {}, "body"),
    ("POST", "/connectors", create("held", SOURCE, initial_state="PAUSED"), {}, "body"),
    ("PUT", "/connector-plugins/FileStreamSource/config/validate", {}, {}, "status"),
    ("PUT", "/connector-plugins/FileStreamSink/config/validate", SOURCE, {}, "body"),
    ("GET", "/connector-plugins/none/config", None, {}, "body"),
    ("PUT", "/admin/loggers/org.example", {"level": "loud"}, {}, "body"),
    ("PUT", "/admin/loggers/org.example", {}, {}, "body"),
    ("GET", "/admin/loggers/org.never", None, {}, "body"),
    ("PUT", "/admin/loggers/org.example.unseen", {"level": "debug"}, {}, "body"),
    ("DELETE", "/connectors/src", None, {}, "body"),
    ("DELETE", "/connectors/dst", None, {}, "body"),
    ("DELETE", "/connectors/held", None, {}, "body"),
    ("GET", "/connectors", None, {}, "body"),
]


class RestCompareTest(FlowTest):
    @classmethod
    def setUpClass(cls):
        cls.topic = unique("compare")
        cls.workers = [kind({"bootstrap.servers": bootstrap()}) for kind in (JavaWorker, Millrace)]
        for worker in cls.workers:
            cls.addClassCleanup(worker.close)
            worker.launch()
        for worker in cls.workers:
            from process import wait_until
            wait_until(worker.rest.up, 60, "an answer")

    def fill(self, worker, value):
        text = json.dumps(value) if not isinstance(value, str) else value
        text = text.replace("FOLDER", str(worker.folder)).replace('"T"', f'"{self.topic}"')
        return text

    def normal(self, worker, text):
        text = text.replace(str(worker.folder), "FOLDER").replace(str(worker.port), "PORT")
        try:
            value = json.loads(text)
        except ValueError:
            return text
        return self.sorted(value)

    def sorted(self, value):
        """Map and list orders of these answers are hash order in Java."""
        if isinstance(value, dict):
            if "message" in value and isinstance(value["message"], str):
                value["message"] = re.sub(r" Did you mean.*?\?|; did you mean.*?\?", "",
                                          value["message"])
            return {k: self.sorted(v) for k, v in sorted(value.items())}
        if isinstance(value, list):
            return sorted((self.sorted(v) for v in value), key=json.dumps)
        return value

    def test_answers_are_equal(self):
        for method, path, body, headers, what in CALLS:
            answers = []
            for worker in self.workers:
                sent = None if body is None else self.fill(worker, body)
                reply = worker.rest.call(method, path, sent, headers)
                answers.append((reply.status, self.normal(worker, reply.body)
                                if what == "body" else None))
            with self.subTest(call=f"{method} {path} {body}"):
                self.assertEqual(answers[1], answers[0])

    def test_validation_answers_have_the_same_keys_and_errors(self):
        configs = [("FileStreamSource", SOURCE), ("FileStreamSink", SINK),
                   ("FileStreamSink", {"connector.class": "FileStreamSink", "tasks.max": "zero"}),
                   ("FileStreamSource", {**SOURCE, "errors.tolerance": "some", "name": ""})]
        for plugin, config in configs:
            with self.subTest(config=config):
                views = []
                for worker in self.workers:
                    reply = worker.rest.call(
                        "PUT", f"/connector-plugins/{plugin}/config/validate",
                        self.fill(worker, config))
                    self.assertEqual(reply.status, 200, reply.body)
                    answer = reply.json()
                    views.append((answer["name"], answer["error_count"], answer["groups"], [
                        (c["value"]["name"], c["value"]["errors"], c["definition"] and
                         {k: c["definition"][k] for k in ("type", "required", "default_value",
                                                          "importance", "group", "width",
                                                          "order", "display_name")})
                        for c in answer["configs"]]))
                self.assertEqual(views[1][:3], views[0][:3])
                ours, java = dict_of(views[1][3]), dict_of(views[0][3])
                self.assertEqual(ours, java)


def dict_of(configs):
    return {name: (errors, definition) for name, errors, definition in configs}


if __name__ == "__main__":
    unittest.main()
