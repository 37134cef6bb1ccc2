"""The Java worker and Millrace take turns on one offset file and continue each other's work."""

import unittest

from flow import FlowTest, bootstrap, unique
from workers import JavaWorker, Millrace, file_sink, file_source


class OffsetFileTurnsTest(FlowTest):
    def test_each_continues_where_the_other_stopped(self):
        with Millrace({"bootstrap.servers": bootstrap()}) as first:
            folder = first.folder
            source, sink = folder / "in.txt", folder / "out.txt"
            topic, src, dst = unique("turns"), unique("src"), unique("dst")
            expected = b""
            for turn, kind in enumerate((Millrace, JavaWorker, Millrace, JavaWorker, Millrace)):
                more = "".join(f"turn {turn} line {i}\n" for i in range(200)).encode()
                expected += more
                with open(source, "ab") as out:
                    out.write(more)
                worker = kind({"bootstrap.servers": bootstrap(),
                               "offset.storage.file.filename": str(folder / "connect.offsets")},
                              folder=folder)
                with self.subTest(turn=turn, worker=kind.__name__), worker:
                    worker.start(file_source(src, source, topic), file_sink(dst, sink, topic))
                    self.wait_for_content(sink, expected, 60)
                    self.wait(lambda w=worker, e=expected:
                              w.rest.get(f"/connectors/{src}/offsets").json()["offsets"]
                              == [{"partition": {"filename": str(source)},
                                   "offset": {"position": len(e)}}],
                              what="the position to be committed")
                    worker.stop()


if __name__ == "__main__":
    unittest.main()
