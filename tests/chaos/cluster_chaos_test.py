"""Workers of a cluster end, hang and come back under load, and the broker does: nothing is lost, what was
committed is not repeated, and REST answers all the time."""

import json
import signal
import unittest

from cluster import SESSION_MS, ClusterTest, Reader, Writer, datagen
from flow import unique

# The stopped worker must not commit what it has read before: it is stopped right after a commit.
CALM_FLUSH_MS = "1500"


class ClusterChaosTest(ClusterTest):
    def load(self, workers, tasks=6):
        """A file flow and a source with several tasks."""
        flow = self.file_flow(workers[0])
        name, topic = unique("gen"), unique("gen")
        self.create(workers[1], datagen(name, topic, **{"tasks.max": str(tasks),
                                                        "records.per.second": "200"}), tasks)
        return flow, name, topic

    def owner(self, workers, name):
        """The worker that runs the only task of a connector."""
        (id_,) = self.owners(workers[0], name).values()
        return next(worker for worker in workers if worker.id == id_)

    def is_spread(self, workers, names, tasks):
        """Whether all tasks run, and no worker runs more than one above another."""
        counts = {worker.id: 0 for worker in workers}
        for name in names:
            for owner in self.owners(workers[0], name).values():
                counts[owner] += 1
        return (sum(counts.values()) == tasks and
                max(counts.values()) - min(counts.values()) <= 1)

    def check_datagen(self, worker, name, topic, tasks):
        """Each task goes on where it was: every number up to the last of its own is there."""
        self.call(worker, "PUT", f"/connectors/{name}/stop")
        self.await_tasks([worker], name, 0, "STOPPED")
        numbers = [json.loads(record.value)["id"] for record in self.records(topic)]
        for task in range(tasks):
            own = {number for number in numbers if number % tasks == task}
            self.assertEqual(own, set(range(task, max(own) + 1, tasks)))
        self.check_offsets_only_grow(name)
        print(f"{self.id()}: {len(numbers)} made records, {len(numbers) - len(set(numbers))} "
              "repeated", flush=True)

    def finish(self, reader, writer, flow, gen, topic, workers, tasks=6, once=()):
        written = writer.end()
        flow.await_all(workers[0], written)
        for name, count in ((flow.source, 1), (flow.sink, 1), (gen, tasks)):
            self.await_tasks(workers, name, count, among=workers)
        flow.check(written, once)
        self.check_offsets_only_grow(flow.source)
        self.check_datagen(workers[0], gen, topic, tasks)
        reader.__exit__()
        self.check_reads(reader)

    def begin(self, settings=None):
        workers = self.cluster(settings)
        flow, gen, topic = self.load(workers)
        reader = Reader(workers)
        reader.__enter__()
        self.addCleanup(reader.ended.set)
        writer = Writer(flow.input)
        writer.__enter__()
        self.addCleanup(writer.ended.set)
        self.wait(lambda: self.position(workers[0], flow.source) > 0, 30, "the first commit")
        return workers, flow, gen, topic, reader, writer

    def test_kill(self):
        workers, flow, gen, topic, reader, writer = self.begin()
        victim = self.owner(workers, flow.source)
        rest = [worker for worker in workers if worker is not victim]
        reader.without(victim)
        committed = flow.lines_before(self.position(rest[0], flow.source))
        victim.process.kill()
        for name, tasks in ((flow.source, 1), (flow.sink, 1), (gen, 6)):
            self.await_tasks(rest, name, tasks, among=rest)
        later = writer.written  # lines that the killed worker has not seen
        self.finish(reader, writer, flow, gen, topic, rest,
                    once=[range(committed), range(later, later + 10 ** 6)])

    def test_sigterm_hands_over_without_repeating(self):
        workers, flow, gen, topic, reader, writer = self.begin()
        leaving = self.owner(workers, flow.source)
        rest = [worker for worker in workers if worker is not leaving]
        reader.without(leaving)
        self.assertEqual(leaving.stop(), 143)
        for name, tasks in ((flow.source, 1), (flow.sink, 1), (gen, 6)):
            self.await_tasks(rest, name, tasks, among=rest)
        self.finish(reader, writer, flow, gen, topic, rest, once=[range(10 ** 6)])

    def test_sigstop_for_longer_than_the_session(self):
        workers, flow, gen, topic, reader, writer = self.begin(
            {"offset.flush.interval.ms": CALM_FLUSH_MS})
        victim = self.owner(workers, flow.source)
        rest = [worker for worker in workers if worker is not victim]
        reader.without(victim)
        before = self.position(rest[0], flow.source)
        self.wait(lambda: self.position(rest[0], flow.source) > before, 30, "a commit")
        victim.process.signal(signal.SIGSTOP)
        stopped_at = writer.written + writer.lines  # it may have read no line beyond
        committed = flow.lines_before(self.position(rest[0], flow.source))
        try:
            for name, tasks in ((flow.source, 1), (flow.sink, 1), (gen, 6)):
                self.await_tasks(rest, name, tasks, among=rest)
            taken = self.position(rest[0], flow.source)
            self.wait(lambda: self.position(rest[0], flow.source) > taken, 30,
                      "commits of the new owner")
        finally:
            victim.process.signal(signal.SIGCONT)
        self.wait(lambda: "Giving up all work of this worker" in victim.process.output(), 30,
                  "its notice")
        self.wait(lambda: victim.process.output().rindex("Successfully joined group") >
                  victim.process.output().rindex("Giving up all work"), 30, "its return")
        reader.again(victim)
        self.finish(reader, writer, flow, gen, topic, workers,
                    once=[range(committed), range(stopped_at, 10 ** 6)])

    def test_broker_restarts(self):
        workers, flow, gen, topic, reader, writer = self.begin()
        self.addCleanup(lambda: self.broker.process.alive() or self.broker.start())
        for how in ("stop", "kill"):
            lost = [worker.process.output().count("Giving up all work") for worker in workers]
            getattr(self.broker, how)()
            # Nobody knows when it comes back: nobody works without it.
            for worker, before in zip(workers, lost):
                self.wait(lambda: worker.process.output().count("Giving up all work") > before,
                          3 * SESSION_MS / 1000, "workers that give up their work")
            written = writer.written
            self.broker.start()
            self.wait(lambda: flow.output.read_text().count("\n") > written, 60,
                      "lines written while the broker was away")
            for name, tasks in ((flow.source, 1), (flow.sink, 1), (gen, 6)):
                self.await_tasks(workers, name, tasks, among=workers)
        self.finish(reader, writer, flow, gen, topic, workers)

    def test_rolling_restart(self):
        workers, flow, gen, topic, reader, writer = self.begin()
        for worker in workers:
            reader.without(worker)
            self.assertEqual(worker.stop(), 143)
            rest = [other for other in workers if other is not worker]
            for name, tasks in ((flow.source, 1), (flow.sink, 1), (gen, 6)):
                self.await_tasks(rest, name, tasks, among=rest)
            worker.join()
            reader.again(worker)
            self.wait(lambda: self.is_spread(workers, (flow.source, flow.sink, gen), 8), 30,
                      "tasks on the worker that is back, as many as on the others")
            for name, tasks in ((flow.source, 1), (flow.sink, 1), (gen, 6)):
                self.await_tasks(workers, name, tasks, among=workers)
        self.finish(reader, writer, flow, gen, topic, workers, once=[range(10 ** 6)])


if __name__ == "__main__":
    unittest.main()
