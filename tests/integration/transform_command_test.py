"""`millrace transform`: results, errors and exit codes, and that they are those of a worker."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from flow import FlowTest
from workers import Millrace, file_sink, file_source, properties

JSON = "org.apache.kafka.connect.json.JsonConverter"
STRING = "org.apache.kafka.connect.storage.StringConverter"
BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter"
TRANSFORMS = "org.apache.kafka.connect.transforms."
PLAIN_JSON = {"value.converter": JSON, "value.converter.schemas.enable": "false",
              "key.converter": STRING}


def chain(*stages):
    """Settings of transformations given as (alias, class, settings)."""
    settings = {"transforms": ",".join(alias for alias, _, _ in stages)}
    for alias, name, own in stages:
        settings[f"transforms.{alias}.type"] = TRANSFORMS + name
        settings.update({f"transforms.{alias}.{key}": value for key, value in own.items()})
    return settings


class Ran:
    def __init__(self, finished):
        self.code = finished.returncode
        self.bytes = finished.stdout
        self.out = finished.stdout.decode()
        self.err = finished.stderr.decode()
        self.lines = self.out.splitlines()

    def json(self):
        return [json.loads(line) for line in self.lines]


class TransformCommandTest(FlowTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="millrace-transform-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, settings):
        path = self.folder / name
        path.write_text(settings if isinstance(settings, str) else properties(settings))
        return str(path)

    def transform(self, settings, *arguments, data=b""):
        config = self.write("connector.properties", settings)
        return self.run_command(config, *arguments, data=data)

    def run_command(self, *arguments, data=b""):
        data = data.encode() if isinstance(data, str) else data
        return Ran(subprocess.run([Millrace.binary, "transform", *arguments], input=data,
                                  capture_output=True, timeout=60, check=False))

    def sink(self, **more):
        return file_sink("s", self.folder / "unused", "orders", **more)

    def source(self, **more):
        return file_source("s", self.folder / "unused", "lines", **more)

    def test_a_sink_shows_the_connect_form(self):
        ran = self.transform(
            self.sink(**PLAIN_JSON, **chain(
                ("topic", "InsertField$Value", {"topic.field": "from"}),
                ("cast", "Cast$Value", {"spec": "a:int32"}),
                ("route", "RegexRouter", {"regex": "(.*)", "replacement": "new-$1"}))),
            "--timestamp", "5", data='{"a":1.9,"b":"x"}\n')
        self.assertEqual(ran.out, 'row 1  topic new-orders  partition 0  offset 0  timestamp 5\n'
                         '  key     null  (STRING optional)\n'
                         '  value   {"a":1,"b":"x","from":"orders"}  (schemaless)\n')
        self.assertEqual(ran.err, "transform: rows: 1, converted: 1, dropped: 0, failed: 0\n")
        self.assertEqual(ran.code, 0)

    def test_a_sink_as_json_has_schemas(self):
        line = {"schema": {"type": "struct", "name": "o", "version": 2, "optional": False,
                           "fields": [{"type": "int8", "optional": True, "field": "a"}]},
                "payload": {"a": 7}}
        ran = self.transform(self.sink(), "--json", "--topic", "t", "--timestamp", "0",
                             data=json.dumps(line))
        # The defaults are those of Kafka's sample worker: JSON with schemas.
        (row,) = ran.json()
        self.assertEqual(row, {"row": 1, "topic": "t", "partition": 0, "offset": 0, "timestamp": 0,
                               "key": None, "value": line, "headers": []})

    def test_records_carry_keys_headers_and_places(self):
        records = [
            {"topic": "t", "partition": 3, "offset": 9, "timestamp": 4, "key": "k",
             "value": {"q": 1}, "headers": [{"key": "n", "value": "12"}, {"key": "o", "value": {"b": 2}},
                                            {"key": "z", "value": None}]},
            {"key": {"base64": "/wA="}, "value": {"base64": "eyJxIjoyfQ=="}, "timestamp": None},
            {"key": None, "value": None},
            {"value": "[1,2]"}]
        data = "\n\n".join(json.dumps(r) for r in records)
        ran = self.transform(self.sink(**{**PLAIN_JSON, "key.converter": BYTES}), "--records",
                             "--json", "--timestamp", "1", data=data)
        rows = ran.json()
        self.assertEqual([r["row"] for r in rows], [1, 3, 5, 7])
        first = rows[0]
        self.assertEqual([first[k] for k in ("topic", "partition", "offset", "timestamp")],
                         ["t", 3, 9, 4])
        self.assertEqual([(h["key"], h["value"] and h["value"]["payload"]) for h in first["headers"]],
                         [("n", 12), ("o", {"b": 2}), ("z", None)])
        self.assertEqual([r["key"]["payload"] for r in rows], ["aw==", "/wA=", None, None])
        self.assertEqual([r["value"] and r["value"]["payload"] for r in rows],
                         [{"q": 1}, {"q": 2}, None, [1, 2]])
        self.assertEqual([r["timestamp"] for r in rows], [4, None, 1, 1])
        self.assertEqual(ran.code, 0)

    def test_a_source_shows_the_wire_form(self):
        hoist = chain(("hoist", "HoistField$Value", {"field": "line"}),
                      ("mark", "InsertHeader", {"header": "h", "value.literal": "12"}))
        ran = self.transform(self.source(**PLAIN_JSON, **hoist), "--json", "--timestamp", "3",
                             data="one\r\ntwö")
        self.assertEqual(ran.json(), [
            {"row": n, "topic": "lines", "partition": None, "timestamp": 3, "key": None,
             "value": json.dumps({"line": text}, separators=(",", ":"), ensure_ascii=False),
             "headers": [{"key": "h", "value": "12"}]}
            for n, text in ((1, "one"), (2, "twö"))])
        text = self.transform(self.source(**PLAIN_JSON), "--timestamp", "3", data="a")
        self.assertEqual(text.out, 'row 1  topic lines  timestamp 3\n  key     null\n  value   ""a""\n')

    def test_a_source_takes_schemaless_records_and_shows_bytes_as_base64(self):
        record = {"key": {"base64": "/w=="}, "value": {"a": 1.5, "l": [None]}, "topic": "x",
                  "headers": [{"key": "h", "value": {"base64": "AQI="}}]}
        ran = self.transform(self.source(**{**PLAIN_JSON, "key.converter": BYTES}), "--records",
                             "--json", data=json.dumps(record))
        (row,) = ran.json()
        self.assertEqual((row["topic"], row["key"], row["value"], row["headers"]),
                         ("x", {"base64": "/w=="}, '{"a":1.5,"l":[null]}',
                          [{"key": "h", "value": "AQI="}]))

    def test_dropped_rows_name_their_transformation(self):
        settings = self.sink(**PLAIN_JSON, **chain(
            ("noop", "InsertHeader", {"header": "h", "value.literal": "1"}),
            ("empty", "Filter", {"predicate": "isNull"})), predicates="isNull")
        settings["predicates.isNull.type"] = "RecordIsTombstone"
        data = '{"value":null}\n{"value":"1"}\n'
        ran = self.transform(settings, "--records", data=data)
        self.assertEqual(ran.lines[0], f"row 1  dropped by empty ({TRANSFORMS}Filter)")
        self.assertTrue(ran.lines[1].startswith("row 2  topic orders"))
        self.assertIn("rows: 2, converted: 1, dropped: 1, failed: 0", ran.err)
        row = self.transform(settings, "--records", "--json", data=data).json()[0]
        self.assertEqual(row, {"row": 1, "dropped_by": {"transformation": "empty",
                                                        "class": TRANSFORMS + "Filter"}})

    def failing(self, **more):
        return self.sink(**PLAIN_JSON, **chain(("cast", "Cast$Value", {"spec": "a:int32"})), **more)

    BAD = '{"a":1}\n{bad\n{"a":"zz"}\n{"a":4}\n'

    def test_without_tolerance_the_first_error_stops(self):
        ran = self.transform(self.failing(), "--json", data=self.BAD)
        self.assertEqual(ran.code, 1)
        self.assertEqual([("error" in row, row["row"]) for row in ran.json()],
                         [(False, 1), (True, 2)])
        error = ran.json()[1]["error"]
        self.assertEqual((error["stage"], error["class"], error["exception"]),
                         ("VALUE_CONVERTER", JSON,
                          "org.apache.kafka.connect.errors.DataException"))
        self.assertEqual(error["message"], "Converting byte[] to Kafka Connect data failed due to "
                         "serialization error: ")
        self.assertIn("was expecting double-quote to start field name", error["cause"])
        self.assertIn("the task would stop here", ran.err)

    def test_tolerance_and_continue_go_on(self):
        tolerant = self.transform(self.failing(**{"errors.tolerance": "all"}), data=self.BAD)
        self.assertEqual(tolerant.code, 1)
        self.assertIn("row 3  failed in TRANSFORMATION of " + TRANSFORMS + "Cast$Value\n"
                      "  org.apache.kafka.connect.errors.DataException: "
                      "Value (zz) was out of range for requested data type\n", tolerant.out)
        self.assertIn("rows: 4, converted: 2, dropped: 0, failed: 2\n", tolerant.err)
        going_on = self.transform(self.failing(), "--continue", data=self.BAD)
        self.assertEqual((going_on.code, going_on.out.replace("\n", "|").count("row ")), (1, 4))

    def test_many_rows_come_in_batches_and_in_order(self):
        count = 1703
        data = "".join(f'{{"a":{i}}}\n' for i in range(count))
        path = self.folder / "in.jsonl"
        path.write_text(data)
        ran = self.transform(self.failing(), "--json", "--input", str(path))
        self.assertEqual([(r["row"], r["offset"], r["value"]["payload"]["a"]) for r in ran.json()],
                         [(i + 1, i, i) for i in range(count)])

    def test_lines_that_are_no_records_fail_like_rows(self):
        data = '{"value":"1"}\nnonsense\n{"wat":1}\n{"headers":[1]}\n{"partition":-1}\n' + \
            '{"key":{"base64":"?"}}\n{"value":"2"}'
        ran = self.transform(self.sink(**PLAIN_JSON), "--records", "--json", "--continue", data=data)
        rows = ran.json()
        self.assertEqual(["error" in row for row in rows], [False] + [True] * 5 + [False])
        messages = [row["error"]["message"] for row in rows[1:6]]
        for part, message in zip(("Unrecognized token", "wat: no such member", "a header is an object",
                                  "partition: this takes a whole number", "padded base64"), messages):
            self.assertIn(part, message)
        self.assertEqual({row["error"]["stage"] for row in rows[1:6]}, {"KAFKA_CONSUME"})
        long = self.transform(self.source(), "--max-line-bytes", "3", "--continue",
                              data="abc\nabcd\nab\n")
        self.assertEqual([line.split("  ")[1] for line in long.lines if line.startswith("row")],
                         ["topic lines", "failed in TASK_POLL", "topic lines"])
        self.assertIn("the line has more than 3 bytes", long.out)

    def test_bad_configurations_show_all_errors(self):
        ran = self.transform({"name": "s", "connector.class": "FileStreamSink", "tasks.max": "0",
                              "errors.tolerance": "some", "value.converter": "Nope"})
        self.assertEqual((ran.code, ran.out), (2, ""))
        for key in ("topics: Must configure", "tasks.max: Invalid value 0",
                    "errors.tolerance: Invalid value some", "value.converter: Invalid value Nope"):
            self.assertIn("\n  " + key, ran.err)
        undeclared = self.transform(self.sink(**chain(("f", "Filter", {"predicate": "none"}))))
        self.assertEqual(undeclared.code, 2)
        self.assertIn("none", undeclared.err)

    def test_bad_command_lines(self):
        config = self.write("good.properties", self.sink())
        for arguments, message in (
                ((), "which connector configuration?"), ((config, "--wat"), "no option --wat"),
                ((config, "--input"), "--input needs a value"), ((config, config), "not also"),
                ((config, "--timestamp", "x"), "--timestamp takes a number"),
                ((config, "--input", "/no/such/file"), "opening /no/such/file: No such file"),
                (("/no/such/config",), "reading /no/such/config"),
                ((config, "--worker", "/no/such/worker"), "/no/such/worker")):
            ran = self.run_command(*arguments)
            self.assertEqual((ran.code, ran.out), (2, ""), arguments)
            self.assertIn(message, ran.err)
        regex = self.sink()
        del regex["topics"]
        regex["topics.regex"] = "a.*"
        self.assertIn("add --topic", self.transform(regex, data="1").err)
        self.assertEqual(self.transform(regex, "--topic", "ab", data="").code, 0)

    def test_the_workers_file_gives_converters_and_variables(self):
        secret = self.write("values.properties", {"field": "from"})
        worker = self.write("worker.properties", {
            "key.converter": STRING, "value.converter": STRING, "config.providers": "file",
            "config.providers.file.class":
                "org.apache.kafka.common.config.provider.FileConfigProvider"})
        settings = self.source(**chain(
            ("h", "HoistField$Value", {"field": "${file:" + secret + ":field}"})))
        ran = self.transform(settings, "--worker", worker, "--json", data="x\n")
        self.assertEqual(ran.json()[0]["value"], "Struct{from=x}")
        bad = self.write("bad.properties", {"key.converter": STRING, "offset.flush.timeout.ms": "x"})
        ran = self.transform(settings, "--worker", bad)
        self.assertEqual(ran.code, 2)
        self.assertIn("value.converter: Missing required configuration", ran.err)
        self.assertIn("offset.flush.timeout.ms: Invalid value x", ran.err)

    def test_a_json_configuration_works_too(self):
        config = self.write("c.json", json.dumps({"name": "s", "config": self.source(**PLAIN_JSON)}))
        self.assertEqual(self.run_command(config, "--json", data="x").json()[0]["value"], '"x"')

    def test_results_are_those_of_a_worker(self):
        lines = [json.dumps(v) for v in
                 ({"a": 1, "b": "x"}, {"a": 2.5, "b": "ünï"}, {"b": "\\ \" \U0001f600", "a": -7},
                  {"a": "zz", "b": "bad"}, {"a": 0, "b": ""})] + ["not json", '{"a":1e3,"b":"last"}']
        data = "".join(line + "\n" for line in lines)
        source = file_source("src", self.folder / "in.txt", "orders", **{
            "value.converter": STRING},
            **chain(("mark", "InsertHeader", {"header": "h", "value.literal": "1"}),
                    ("route", "RegexRouter", {"regex": "(.*)", "replacement": "new-$1"})))
        sink = file_sink("dst", self.folder / "out.txt", "new-orders", **PLAIN_JSON, **chain(
            ("cast", "Cast$Value", {"spec": "a:int32"}),
            ("keep", "ReplaceField$Value", {"renames": "b:text"}),
            ("mask", "MaskField$Value", {"fields": "a", "replacement": "9"}),
            ("pick", "ExtractField$Value", {"field": "text"})), **{"errors.tolerance": "all"})
        (self.folder / "in.txt").write_text(data)

        sent = self.transform(source, "--json", "--worker", self.worker_file(), data=data)
        self.assertEqual(sent.code, 0)
        got = self.transform(sink, "--records", "--json", "--worker", self.worker_file(),
                             data=sent.bytes)
        self.assertEqual([r["row"] for r in got.json() if "error" in r], [4, 6])
        expected = "".join(r["value"]["payload"] + "\n" for r in got.json() if "value" in r)

        worker = Millrace.embedded()
        self.addCleanup(worker.close)
        worker.start(source, sink)
        self.wait_for_content(self.folder / "out.txt", expected.encode())

    def worker_file(self):
        return self.write("worker.properties", {"key.converter": STRING, "value.converter": STRING})


if __name__ == "__main__":
    unittest.main()
