"""Java workers and ours in one group: whoever leads, whoever is asked, whatever the protocol."""

import json
import re
import threading
import unittest
from contextlib import contextmanager
from types import SimpleNamespace

from flow import FlowTest, bootstrap, unique
from process import wait_until
from rest import Rest
from workers import Cluster, file_sink, file_source

LIMIT = 60.0
ASSIGNMENT = re.compile(r"Joined group at generation (\d+) with protocol version (\d+) and got "
                        r"assignment: .*?leaderUrl='([^']*)'")
VERSIONS = {"eager": 0, "compatible": 1, "sessioned": 2}


def lines(start, count):
    return "".join(f"line {i:06d}\n" for i in range(start, start + count))


def call(worker, method, path, body=None, expected=(200, 201, 202, 204)):
    """As clients do: again while the worker says that a rebalance is in the way."""
    reply = None

    def done():
        nonlocal reply
        reply = worker.rest.call(method, path, body)
        if reply.status == 409:
            return "already exists" in reply.body
        return reply.status != 500 or not re.search("rebalance|IO Error|safely retried", reply.body)
    wait_until(done, LIMIT, f"an answer to {method} {path}")
    if reply.status not in expected:
        raise AssertionError(f"{method} {path}: {reply.status} {reply.body}")
    return reply


def view(worker, path):
    """Status and content of an answer; orders of maps and of names are none of the contract."""
    reply = worker.rest.get(path)
    content = json.loads(reply.body)
    if isinstance(content, list) and all(isinstance(item, str) for item in content):
        content.sort()
    return reply.status, content


def states(status):
    return status["connector"]["state"], [task["state"] for task in status["tasks"]]


def rounds(java):
    """Generation, protocol version and leader's URL of each assignment of a Java worker."""
    return [(int(generation), int(version), url.rstrip("/"))
            for generation, version, url in ASSIGNMENT.findall(java.process.output())]


class Mixed(FlowTest):
    def member(self, make):
        worker = make()
        self.addCleanup(worker.close)
        return worker.join()

    def leader(self, java):
        return rounds(java)[-1][2]

    def wait_for_states(self, workers, name, connector, tasks):
        for worker in workers:
            self.wait(lambda: worker.state(name) == (connector, tasks), LIMIT,
                      f"{name} to be {connector} with {tasks} for {worker.id}")

    def wait_running(self, workers, name, tasks=1):
        self.wait_for_states(workers, name, "RUNNING", ["RUNNING"] * tasks)

    def same_answers(self, workers, paths):
        for path in paths:
            first, second = workers
            self.wait(lambda: view(first, path) == view(second, path), LIMIT,
                      f"the same answers to {path}: {view(first, path)} and {view(second, path)}")


class Life(Mixed):
    """One connector's life, told to one worker and then seen by both."""

    def live(self, asked, other):
        name = unique("c")
        both = (asked, other)
        c = SimpleNamespace(src=f"{name}-src", snk=f"{name}-snk", topic=f"{name}-topic",
                            input=asked.folder / f"{name}.in", output=asked.folder / f"{name}.out")
        c.paths = ["/connectors", *(f"/connectors/{n}{p}" for n in (c.src, c.snk)
                                    for p in ("", "/status", "/config", "/tasks"))]
        self.create(asked, both, c)
        self.reconfigure(asked, both, c)
        self.pause(asked, both, c)
        self.restart(asked, both, c)
        self.alter_offsets(asked, both, c)
        self.fail_and_restart(asked, both, c)
        for n in (c.src, c.snk):
            call(asked, "DELETE", f"/connectors/{n}", expected=(204,))
        for worker in both:
            self.wait(lambda: not {c.src, c.snk} & set(worker.rest.get("/connectors").json()),
                      LIMIT, "the connectors to be gone")
            for n in (c.src, c.snk):
                self.wait(lambda: worker.rest.get(f"/connectors/{n}/status").status == 404, LIMIT,
                          "the statuses to be gone")
        self.same_answers(both, c.paths)

    def create(self, asked, both, c):
        c.input.write_text(lines(0, 1000))
        for config in (file_source(c.src, c.input, c.topic), file_sink(c.snk, c.output, c.topic)):
            reply = call(asked, "POST", "/connectors",
                         {"name": config["name"], "config": config}, expected=(201,))
            self.assertEqual(reply.json()["config"], config)
            self.assertEqual(reply.headers["Location"],
                             f"{asked.rest.base}/connectors/{config['name']}")
            for worker in both:
                reply = call(worker, "POST", "/connectors",
                             {"name": config["name"], "config": config}, expected=(409,))
        for n in (c.src, c.snk):
            self.wait_running(both, n)
        # Each worker has one connector, so that one of them sends tasks to the other.
        owners = {asked.rest.get(f"/connectors/{n}/status").json()["connector"]["worker_id"]
                  for n in (c.src, c.snk)}
        self.assertEqual(owners, {worker.id for worker in both})
        self.wait_for_content(c.output, lines(0, 1000).encode(), LIMIT)
        self.same_answers(both, c.paths + [f"/connectors/{c.src}/topics"])

    def reconfigure(self, asked, both, c):
        config = {**file_source(c.src, c.input, c.topic), "batch.size": "77"}
        call(asked, "PUT", f"/connectors/{c.src}/config", config, expected=(200,))
        call(asked, "PATCH", f"/connectors/{c.snk}/config", {"tasks.max": "3"}, expected=(200,))
        for worker in both:
            self.wait(lambda: call(worker, "GET", f"/connectors/{c.src}/tasks").json()[0]["config"]
                      .get("batch.size") == "77", LIMIT, "the tasks' new configuration")
        self.wait_running(both, c.snk, 3)
        owners = {task["worker_id"] for task in
                  asked.rest.get(f"/connectors/{c.snk}/status").json()["tasks"]}
        self.assertEqual(owners, {worker.id for worker in both})
        call(asked, "PATCH", f"/connectors/{c.snk}/config", {"tasks.max": "2"}, expected=(200,))
        self.wait_running(both, c.snk, 2)
        self.same_answers(both, c.paths)
        self.append(c, 1000)

    def append(self, c, count):
        """More lines, which arrive after those before them."""
        before = c.input.read_text()
        start = before.count("\n")
        with open(c.input, "a") as file:
            file.write(lines(start, count))
        self.wait_for_content(c.output, (before + lines(start, count)).encode(), LIMIT)

    def pause(self, asked, both, c):
        for n, tasks in ((c.src, 1), (c.snk, 2)):
            call(asked, "PUT", f"/connectors/{n}/pause", expected=(202,))
            self.wait_for_states(both, n, "PAUSED", ["PAUSED"] * tasks)
            call(asked, "PUT", f"/connectors/{n}/resume", expected=(202,))
            self.wait_running(both, n, tasks)
        self.append(c, 10)

    def restart(self, asked, both, c):
        for n, tasks in ((c.src, 1), (c.snk, 2)):
            everything = [f"connector {n}", *(f"task {n}-{t}" for t in range(tasks))]
            with self.made(both, everything[:1]):
                call(asked, "POST", f"/connectors/{n}/restart", expected=(204,))
            for task in range(tasks):
                with self.made(both, [everything[1 + task]]):
                    call(asked, "POST", f"/connectors/{n}/tasks/{task}/restart", expected=(204,))
            self.wait_running(both, n, tasks)
            with self.made(both, everything):
                self.assertEqual(states(self.restarted(asked, n, False)),
                                 ("RESTARTING", ["RESTARTING"] * tasks))
            # Nothing has failed, so that nothing is started again.
            self.wait(lambda: states(self.restarted(asked, n, True)) ==
                      ("RUNNING", ["RUNNING"] * tasks), LIMIT, "all to run again")
        self.append(c, 10)

    def restarted(self, asked, name, only_failed):
        return call(asked, "POST", f"/connectors/{name}/restart?includeTasks=true"
                                   f"&onlyFailed={str(only_failed).lower()}", expected=(202,)).json()

    @contextmanager
    def made(self, workers, what):
        """Each of `what` is made once more, on one of the workers."""
        def counts():
            logs = "\n".join(worker.process.output() for worker in workers)
            return [len(re.findall(rf"Creating {re.escape(thing)}(?![\w-])", logs))
                    for thing in what]
        before = counts()
        yield
        self.wait(lambda: all(now > old for now, old in zip(counts(), before)), LIMIT,
                  f"{what} to be made again")
        self.assertEqual(counts(), [count + 1 for count in before], what)

    def alter_offsets(self, asked, both, c):
        for n in (c.src, c.snk):
            call(asked, "PATCH", f"/connectors/{n}/offsets", {"offsets": []}, expected=(400,))
            call(asked, "PUT", f"/connectors/{n}/stop", expected=(204,))
            self.wait_for_states(both, n, "STOPPED", [])
            self.same_answers(both, [f"/connectors/{n}/offsets", f"/connectors/{n}"])
        total = c.input.read_text().count("\n")
        size = c.input.stat().st_size
        self.assertEqual(asked.offsets(c.src),
                         [{"partition": {"filename": str(c.input)}, "offset": {"position": size}}])
        skipped = total - 5
        call(asked, "PATCH", f"/connectors/{c.src}/offsets", {"offsets": [
            {"partition": {"filename": str(c.input)},
             "offset": {"position": size // total * skipped}}]}, expected=(200,))
        call(asked, "PATCH", f"/connectors/{c.snk}/offsets", {"offsets": [
            {"partition": {"kafka_topic": c.topic, "kafka_partition": 0},
             "offset": {"kafka_offset": total - 3}}]}, expected=(200,))
        for n in (c.src, c.snk):
            self.same_answers(both, [f"/connectors/{n}/offsets"])
        before = c.output.read_text()
        for n in (c.src, c.snk):
            call(asked, "PUT", f"/connectors/{n}/resume", expected=(202,))
        self.wait_running(both, c.src)
        self.wait_running(both, c.snk, 2)
        # The sink reads three records again, the source the last five lines.
        again = lines(total - 3, 3) + lines(skipped, 5)
        self.wait_for_content(c.output, (before + again).encode(), LIMIT)
        for n in (c.snk, c.src):
            call(asked, "PUT", f"/connectors/{n}/stop", expected=(204,))
            self.wait_for_states(both, n, "STOPPED", [])
            call(asked, "DELETE", f"/connectors/{n}/offsets", expected=(200,))
            self.same_answers(both, [f"/connectors/{n}/offsets"])
            self.assertEqual(asked.offsets(n), [])

    def fail_and_restart(self, asked, both, c):
        """Tasks that fail, on whichever worker, are started again through the one that is asked."""
        folder = asked.folder / f"{c.snk}-later"
        call(asked, "PUT", f"/connectors/{c.snk}/config",
             {**file_sink(c.snk, folder / "out", c.topic), "tasks.max": "2"}, expected=(200,))
        call(asked, "PUT", f"/connectors/{c.snk}/resume", expected=(202,))
        self.wait_for_states(both, c.snk, "RUNNING", ["FAILED"] * 2)
        folder.mkdir()
        call(asked, "POST", f"/connectors/{c.snk}/tasks/1/restart", expected=(204,))
        self.wait_for_states(both, c.snk, "RUNNING", ["FAILED", "RUNNING"])
        with self.made(both, [f"task {c.snk}-0"]):
            # A leader that reads the statuses after the task has started again says so.
            self.assertIn(states(self.restarted(asked, c.snk, True)), [
                ("RUNNING", [state, "RUNNING"]) for state in ("RESTARTING", "RUNNING")])
        self.wait_running(both, c.snk, 2)
        self.same_answers(both, c.paths)

    def unsigned(self, workers, name):
        """An internal request without a signature is for nobody, unless the protocol has none."""
        answers = [view_of(worker.rest.call("POST", f"/connectors/{name}/tasks", []))
                   for worker in workers]
        self.assertEqual(answers[0], answers[1])
        return answers[0]

    def constellations(self, protocol):
        cluster = Cluster(SimpleNamespace(bootstrap=bootstrap()),
                          {"connect.protocol": protocol,
                           "heartbeat.interval.ms": "300",
                           "session.timeout.ms": "10000"})
        ours = self.member(cluster.millrace)
        java = self.member(cluster.java)
        self.assertEqual(self.leader(java), ours.rest.base)
        self.live(java, ours)
        if protocol == "sessioned":
            self.live(ours, java)
        expected = 400 if protocol == "sessioned" else 404
        self.assertEqual(self.unsigned((ours, java), "none")[0], expected)
        self.assertEqual(ours.stop(), 143)
        ours = self.member(cluster.millrace)
        self.wait(lambda: self.leader(java) == java.rest.base, LIMIT, "the Java worker to lead")
        self.live(ours, java)
        if protocol == "sessioned":
            self.live(java, ours)
        self.assertEqual(self.unsigned((ours, java), "none")[0], expected)
        self.assertEqual({version for _, version, _ in rounds(java)}, {VERSIONS[protocol]})
        # And the lead goes back.
        self.assertEqual(java.stop(), 143)
        name = unique("last")
        call(ours, "POST", "/connectors", {"name": name, "config": file_source(
            name, ours.folder / "none", name)}, expected=(201,))
        self.wait_running([ours], name)


def view_of(reply):
    return reply.status, json.loads(reply.body)


class SessionedTest(Life):
    def test_lives_of_connectors(self):
        self.constellations("sessioned")


class CompatibleTest(Life):
    def test_lives_of_connectors(self):
        self.constellations("compatible")


class EagerTest(Life):
    def test_lives_of_connectors(self):
        self.constellations("eager")


class Load(threading.Thread):
    """Writes lines to files until it is ended."""

    def __init__(self, files):
        super().__init__(daemon=True)
        self.files = files
        self.count = 0
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(0.02):
            for path in self.files:
                with open(path, "a") as file:
                    file.write(lines(self.count, 10))
            self.count += 10

    def end(self):
        self.ending.set()
        self.join()
        return lines(0, self.count)


class Watch(threading.Thread):
    """Asks one worker without a pause; every answer has to be good."""

    paths = ("/", "/connectors", "/connectors?expand=status", "/connector-plugins")

    def __init__(self, worker):
        super().__init__(daemon=True)
        self.rest = Rest(worker.rest.base, timeout=10.0)
        self.answers = 0
        self.bad = []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(0.02):
            for path in self.paths:
                try:
                    reply = self.rest.get(path)
                    if reply.status != 200:
                        self.bad.append((path, reply.status, reply.body))
                except OSError as error:
                    self.bad.append((path, error))
                self.answers += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join()


class RollingTest(Mixed):
    """Three workers replaced one by one under load, by ours and back."""

    def test_nothing_is_lost(self):
        cluster = Cluster(SimpleNamespace(bootstrap=bootstrap()), {"heartbeat.interval.ms": "500"})
        members = [cluster.java() for _ in range(3)]
        for worker in members:
            self.addCleanup(worker.close)
            worker.launch()
        for worker in members:
            self.wait(worker.joined, LIMIT, "a join")
        folder = members[0].folder
        names = [unique(f"flow{i}") for i in range(2)]
        load = Load([folder / f"{name}.in" for name in names])
        load.start()
        self.addCleanup(load.end)
        for name in names:
            call(members[0], "PUT", f"/connectors/{name}-src/config",
                 file_source(f"{name}-src", folder / f"{name}.in", name), expected=(201,))
            call(members[0], "PUT", f"/connectors/{name}-snk/config",
                 {**file_sink(f"{name}-snk", folder / f"{name}.out", name), "tasks.max": "2"},
                 expected=(201,))
        self.settle(members, names)
        for step, make in enumerate([cluster.millrace] * 3 + [cluster.java] * 3):
            old = members.pop(0)
            with Watch(members[0]) as watch:
                self.assertEqual(old.stop(), 143)
                call(members[0], "PATCH", f"/connectors/{names[0]}-src/config",
                     {"batch.size": str(1000 + step)}, expected=(200,))
                members.append(self.member(make))
                self.settle(members, names)
            self.assertEqual(watch.bad, [])
            self.assertGreater(watch.answers, len(Watch.paths))
        content = load.end().encode()
        for name in names:
            self.wait_for_content(folder / f"{name}.out", content, LIMIT)

    def settle(self, members, names):
        """Until all runs on workers that are there, for each of them."""
        ids = {worker.id for worker in members}
        for worker in members:
            for name, tasks in [(f"{n}-{end}", count) for n in names
                                for end, count in (("src", 1), ("snk", 2))]:
                def settled():
                    status, content = view(worker, f"/connectors/{name}/status")
                    if status != 200 or len(content["tasks"]) != tasks:
                        return False
                    parts = [content["connector"], *content["tasks"]]
                    return all(p["state"] == "RUNNING" and p["worker_id"] in ids for p in parts)
                self.wait(settled, LIMIT, f"{name} to run on {ids} for {worker.id}: "
                                          f"{view(worker, f'/connectors/{name}/status')}")


if __name__ == "__main__":
    unittest.main()
