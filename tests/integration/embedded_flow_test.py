"""Files through the embedded log: pause, resume, restart, offsets over REST, recovery."""

import unittest

from flow import FlowTest
from workers import Millrace, file_sink, file_source


def lines(first, last):
    return "".join(f"order {i} für {i % 7}\n" for i in range(first, last)).encode()


class EmbeddedFlowTest(FlowTest):
    def setUp(self):
        self.worker = Millrace.embedded()
        self.addCleanup(self.worker.close)
        self.source = self.worker.folder / "in.txt"
        self.sink = self.worker.folder / "out.txt"
        self.connectors = [file_source("src", self.source, "orders"),
                           file_sink("dst", self.sink, "orders")]

    def append(self, data):
        with open(self.source, "ab") as out:
            out.write(data)

    def expect(self):
        self.wait_for_content(self.sink, self.source.read_bytes())

    def test_lines_arrive_while_it_runs_and_a_partial_line_waits(self):
        self.append(lines(0, 5000))
        self.worker.start(*self.connectors)
        self.expect()
        self.append(b"half a li")
        self.append(b"ne\n")
        self.expect()
        self.assertEqual(self.worker.stop(), 143)

    def test_a_file_that_appears_later_is_read(self):
        self.worker.start(*self.connectors)
        self.worker.wait_running("src")
        self.append(lines(0, 10))
        self.expect()

    def test_a_restarted_worker_goes_on_where_it_stopped(self):
        self.append(lines(0, 1000))
        self.worker.start(*self.connectors)
        self.expect()
        self.worker.stop()
        self.append(lines(1000, 2000))
        self.worker.start(*self.connectors)
        self.expect()

    def test_pause_holds_records_back_and_resume_brings_them(self):
        self.append(lines(0, 10))
        self.worker.start(*self.connectors)
        self.expect()
        rest = self.worker.rest
        self.assertEqual(rest.call("PUT", "/connectors/dst/pause").status, 202)
        self.wait(lambda: self.worker.state("dst") == ("PAUSED", ["PAUSED"]))
        before = self.sink.read_bytes()
        self.append(lines(10, 20))
        position = len(self.source.read_bytes())
        self.wait(lambda: [entry["offset"] for entry in
                           rest.get("/connectors/src/offsets").json()["offsets"]]
                  == [{"position": position}], what="the source to commit")
        self.assertEqual(self.sink.read_bytes(), before)
        self.assertEqual(rest.call("PUT", "/connectors/dst/resume").status, 202)
        self.expect()

    def test_offsets_are_read_altered_and_reset_over_rest(self):
        self.append(lines(0, 3))
        self.worker.start(*self.connectors)
        self.expect()
        rest = self.worker.rest
        refused = rest.call("DELETE", "/connectors/src/offsets")
        self.assertEqual(refused.status, 400)
        self.assertIn("must be in the STOPPED state", refused.json()["message"])
        for name in ("src", "dst"):
            self.assertEqual(rest.call("PUT", f"/connectors/{name}/stop").status, 204)
            self.assertEqual(self.worker.state(name), ("STOPPED", []))
        self.assertEqual(rest.get("/connectors/dst/offsets").json()["offsets"],
                         [{"partition": {"kafka_topic": "orders", "kafka_partition": 0},
                           "offset": {"kafka_offset": 3}}])
        altered = rest.call("PATCH", "/connectors/dst/offsets", {"offsets": [
            {"partition": {"kafka_topic": "orders", "kafka_partition": "0"},
             "offset": {"kafka_offset": 1}}]})
        self.assertEqual((altered.status, altered.json()["message"]),
                         (200, "The offsets for this connector have been altered successfully"))
        reset = rest.call("DELETE", "/connectors/src/offsets")
        self.assertEqual((reset.status, reset.json()["message"]),
                         (200, "The offsets for this connector have been reset successfully"))
        self.assertEqual(rest.get("/connectors/src/offsets").json(), {"offsets": []})
        for name in ("dst", "src"):
            rest.call("PUT", f"/connectors/{name}/resume")
        # The sink repeats from offset 1, and the source writes the file a second time.
        first = self.source.read_bytes()
        again = b"".join(first.splitlines(True)[1:]) + first
        self.wait_for_content(self.sink, first + again)

    def test_an_embedded_log_has_one_worker_at_a_time(self):
        self.worker.start()
        other = Millrace.embedded(folder=None)
        self.addCleanup(other.close)
        other.settings["embedded.log.dir"] = self.worker.settings["embedded.log.dir"]
        other.launch()
        self.assertEqual(other.process.wait(), 2)
        self.assertIn("is in use by another process", other.process.output())


if __name__ == "__main__":
    unittest.main()
