"""Three workers and a real broker: whatever a user asks of any of them, all do it."""

import json
import unittest

from cluster import ClusterTest, Reader, datagen, new_cluster
from flow import unique
from workers import file_sink, file_source


class LifeTest(ClusterTest):
    """One cluster for all tests, whose connectors have names of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group, cls.workers = new_cluster(cls.broker, cls.addClassCleanup)

    def setUp(self):
        self.reader = Reader(self.workers)
        self.reader.__enter__()
        self.addCleanup(self.check_reads, self.reader)
        self.addCleanup(self.reader.__exit__)

    def each(self):
        """All workers, in turn: one leads, the others forward."""
        while True:
            yield from self.workers

    def test_create_scale_reconfigure_and_delete(self):
        name, topic = unique("gen"), unique("gen")
        any_worker = self.each()
        config = datagen(name, topic, **{"tasks.max": "4", "records.per.second": "50"})
        self.create(next(any_worker), config, 4)
        for tasks in (9, 2, 6):
            config["tasks.max"] = str(tasks)
            self.call(next(any_worker), "PUT", f"/connectors/{name}/config", config)
            self.await_tasks(self.workers, name, tasks)
            self.assertEqual(set(self.owners(next(any_worker), name)), set(range(tasks)))
        # Spread: three workers, one connector, six tasks.
        self.wait(lambda: len(set(self.owners(self.workers[0], name).values())) == 3, 30,
                  "tasks on all workers")
        config["records.per.second"] = "60"
        self.call(next(any_worker), "PATCH", f"/connectors/{name}/config",
                  {"records.per.second": "60"})
        for worker in self.workers:
            self.wait(lambda: all(
                task["config"]["records.per.second"] == "60" for task in
                self.call(worker, "GET", f"/connectors/{name}/tasks").json()), 30,
                "new task configurations")
        self.await_tasks(self.workers, name, 6)
        self.call(next(any_worker), "DELETE", f"/connectors/{name}")
        for worker in self.workers:
            self.wait(lambda: name not in worker.rest.get("/connectors").json(), 30, "its end")
            self.wait(lambda: worker.rest.get(f"/connectors/{name}/status").status == 404, 30,
                      "the end of its status")

    def test_scaling_loses_nothing(self):
        name, topic = unique("gen"), unique("gen")
        total = 3000
        config = datagen(name, topic, **{"tasks.max": "4", "records.per.second": "600",
                                         "records.max": str(total)})
        self.create(self.workers[1], config, 4)
        for worker in self.workers:
            # Tasks keep their partitions: the same number of them, made again.
            self.call(worker, "POST", f"/connectors/{name}/restart?includeTasks=true")
            self.await_tasks(self.workers, name, 4)
        ids = lambda: {json.loads(record.value)["id"] for record in self.records(topic)}
        self.wait(lambda: len(ids()) == total, 60, "all records")
        self.assertEqual(ids(), set(range(total)))
        self.check_offsets_only_grow(name)
        self.call(self.workers[2], "DELETE", f"/connectors/{name}")

    def test_pause_stop_and_resume(self):
        name, topic = unique("gen"), unique("gen")
        any_worker = self.each()
        self.create(next(any_worker), datagen(name, topic, **{"tasks.max": "5",
                                                              "records.per.second": "100"}), 5)
        for _ in range(2):
            self.call(next(any_worker), "PUT", f"/connectors/{name}/pause")
            self.await_tasks(self.workers, name, 5, "PAUSED")
            self.call(next(any_worker), "PUT", f"/connectors/{name}/resume")
            self.await_tasks(self.workers, name, 5)
            self.call(next(any_worker), "PUT", f"/connectors/{name}/stop")
            self.await_tasks(self.workers, name, 0, "STOPPED")
            for worker in self.workers:
                self.assertEqual(self.call(worker, "GET", f"/connectors/{name}/tasks").json(), [])
            self.call(next(any_worker), "PUT", f"/connectors/{name}/resume")
            self.await_tasks(self.workers, name, 5)
        self.call(next(any_worker), "DELETE", f"/connectors/{name}")

    def test_restarts(self):
        name, topic = unique("gen"), unique("gen")
        self.create(self.workers[0], datagen(name, topic, **{"tasks.max": "3",
                                                             "records.per.second": "100"}), 3)
        for worker in self.workers:
            self.call(worker, "POST", f"/connectors/{name}/restart")
            for task in range(3):
                self.call(worker, "POST", f"/connectors/{name}/tasks/{task}/restart")
            plan = self.call(worker, "POST", f"/connectors/{name}/restart?includeTasks=true").json()
            self.assertEqual([task["state"] for task in plan["tasks"]], ["RESTARTING"] * 3)
            self.await_tasks(self.workers, name, 3)
            reply = worker.rest.call("POST", f"/connectors/{name}/tasks/7/restart")
            self.assertEqual(reply.status, 404, reply.body)
        for worker in self.workers:
            reply = worker.rest.call("POST", "/connectors/nobody/restart")
            self.assertEqual(reply.status, 404, reply.body)
        self.call(self.workers[1], "DELETE", f"/connectors/{name}")

    def test_offsets_of_a_source_through_any_worker(self):
        name, topic = unique("src"), unique("src")
        source = self.workers[0].folder / name
        lines = [f"line {i}\n" for i in range(10)]
        source.write_text("".join(lines))
        size = source.stat().st_size
        config = file_source(name, source, topic)
        self.create(self.workers[0], config)
        for turn, worker in enumerate(self.workers):
            for each in self.workers:
                self.wait(lambda: self.position(each, name) == size, 30, "the last offset")
            reply = worker.rest.call("DELETE", f"/connectors/{name}/offsets")
            self.assertEqual(reply.status, 400, reply.body)  # it is not stopped
            self.call(worker, "PUT", f"/connectors/{name}/stop")
            self.await_tasks(self.workers, name, 0, "STOPPED")
            if turn % 2:
                reply = self.call(worker, "DELETE", f"/connectors/{name}/offsets")
                self.assertIn("reset", reply.json()["message"])
                wanted, repeated = [], 10
            else:
                position = len("".join(lines[:6]))
                wanted, repeated = [{"partition": {"filename": str(source)},
                                     "offset": {"position": position}}], 4
                reply = self.call(worker, "PATCH", f"/connectors/{name}/offsets",
                                  {"offsets": wanted})
                self.assertIn("altered", reply.json()["message"])
            for each in self.workers:
                # What was written through another worker is seen at once.
                self.assertEqual(self.committed(each, name), wanted)
            before = len(self.records(topic))
            self.call(worker, "PUT", f"/connectors/{name}/resume")
            self.wait(lambda: len(self.records(topic)) >= before + repeated, 30, "lines read again")
            self.await_tasks(self.workers, name, 1)
        values = [record.value.decode() for record in self.records(topic)]
        plain = [line.rstrip("\n") for line in lines]
        self.assertEqual(values, plain + plain[6:] + plain + plain[6:])
        self.call(self.workers[2], "DELETE", f"/connectors/{name}")

    def test_offsets_of_a_sink_through_any_worker(self):
        flow = self.file_flow(self.workers[0])
        flow.input.write_text("".join(f"line {i}\n" for i in range(10)))
        flow.await_all(self.workers[0], 10)
        for worker in self.workers:
            self.wait(lambda: self.committed(worker, flow.sink) == [{
                "partition": {"kafka_topic": flow.topic, "kafka_partition": 0},
                "offset": {"kafka_offset": 10}}], 30, "the sink's offset")
        for turn, worker in enumerate(self.workers):
            self.call(worker, "PUT", f"/connectors/{flow.sink}/stop")
            self.await_tasks(self.workers, flow.sink, 0, "STOPPED")
            before = len(flow.output.read_text().splitlines())
            if turn % 2:
                self.call(worker, "DELETE", f"/connectors/{flow.sink}/offsets")
                self.assertEqual(self.committed(worker, flow.sink), [])
                again = 10
            else:
                self.call(worker, "PATCH", f"/connectors/{flow.sink}/offsets", {"offsets": [{
                    "partition": {"kafka_topic": flow.topic, "kafka_partition": 0},
                    "offset": {"kafka_offset": 7}}]})
                again = 3
            self.call(worker, "PUT", f"/connectors/{flow.sink}/resume")
            self.wait(lambda: len(flow.output.read_text().splitlines()) == before + again, 30,
                      "lines written again")
            self.await_tasks(self.workers, flow.sink, 1)
        for name in (flow.source, flow.sink):
            self.call(self.workers[0], "DELETE", f"/connectors/{name}")

    def test_a_failed_task_and_its_restart(self):
        name, topic = unique("dst"), unique("flow")
        folder = self.workers[0].folder / name
        self.call(self.workers[1], "POST", "/connectors", {
            "name": name, "config": file_sink(name, folder / "out.txt", topic)})
        for worker in self.workers:
            self.wait(lambda: [task["state"] for task in self.status(worker, name)["tasks"]]
                      == ["FAILED"], 30, "its failure")
            (task,) = self.status(worker, name)["tasks"]
            self.assertIn("out.txt", task["trace"])
        folder.mkdir()
        self.call(self.workers[2], "POST",
                  f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true")
        self.await_tasks(self.workers, name, 1)
        self.call(self.workers[0], "DELETE", f"/connectors/{name}")

    def test_an_offset_topic_of_the_connector(self):
        name, topic, own = unique("src"), unique("src"), unique("own-offsets")
        source = self.workers[0].folder / name
        source.write_text("one\ntwo\n")
        self.create(self.workers[0], file_source(name, source, topic,
                                                 **{"offsets.storage.topic": own}))
        key = ('["%s",{"filename":"%s"}]' % (name, source)).encode()
        for worker in self.workers:
            self.wait(lambda: self.position(worker, name) == 8, 30, "the offset")
        self.assertEqual({r.key: r.value for r in self.records(own)}, {key: b'{"position":8}'})
        self.wait(lambda: any(r.key == key and r.value == b'{"position":8}' for r in
                              self.records(self.group.topic("offset"))), 30,
                  "the offset in the worker's topic")
        self.call(self.workers[1], "PUT", f"/connectors/{name}/stop")
        self.await_tasks(self.workers, name, 0, "STOPPED")
        self.call(self.workers[2], "PATCH", f"/connectors/{name}/offsets", {"offsets": [
            {"partition": {"filename": str(source)}, "offset": {"position": 4}}]})
        for worker in self.workers:
            self.assertEqual(self.position(worker, name), 4)
        self.call(self.workers[0], "PUT", f"/connectors/{name}/resume")
        self.wait(lambda: len(self.records(topic)) == 3, 30, "the second line again")
        self.wait(lambda: self.position(self.workers[0], name) == 8, 30, "the offset")
        self.call(self.workers[0], "PUT", f"/connectors/{name}/stop")
        self.await_tasks(self.workers, name, 0, "STOPPED")
        self.call(self.workers[1], "DELETE", f"/connectors/{name}/offsets")
        for worker in self.workers:
            self.assertEqual(self.committed(worker, name), [])
        self.assertIsNone(self.records(own)[-1].value)
        self.call(self.workers[0], "DELETE", f"/connectors/{name}")


if __name__ == "__main__":
    unittest.main()
