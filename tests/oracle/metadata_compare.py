"""Metadata documents of ours beside those of Apache Iceberg's own classes: new tables, random updates,
requirements, and what Java reads out of manifests that commits of ours merged. Java gets the document we wrote, so it is read by its strict parser each time.

    python3 tests/oracle/metadata_compare.py --native build/dev/bin/table_oracle --jars JARS \\
        [--seed N] [--tables N]
"""

import argparse
import copy
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 25  # of updates for each table
JAVA = Path(__file__).with_name("TableOracle.java")


class Program:
    """Answers a line for each line."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, encoding="utf-8")

    def answers(self, requests):
        text = "".join(json.dumps(request) + "\n" for request in requests)
        out, _ = self.process.communicate(text, timeout=150)
        if self.process.returncode != 0:
            raise SystemExit(f"a program failed with {self.process.returncode}")
        return [json.loads(line) for line in out.splitlines()]


def id_of(item, present, key):
    """-1, the one added last, unless there is the same already: Java refuses -1 then, and we do not."""
    same = [other[key] for other in present if item | {key: 0} == other | {key: 0}]
    return same[0] if same else -1


class Generator:
    """Random tables, and updates of a document that mostly fit it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.next_id = 1

    def field_id(self):
        self.next_id += self.random.randrange(1, 5)
        return self.next_id

    def primitive(self):
        return self.random.choice(["boolean", "int", "long", "float", "double", "date", "time",
                                   "timestamp", "timestamptz", "string", "uuid", "binary",
                                   "fixed[7]", "decimal(9, 2)", "decimal(38, 0)"])

    def kind(self, depth=0):
        choice = self.random.randrange(10) if depth < 3 else 0
        if choice < 7:
            return self.primitive()
        if choice == 7:
            return {"type": "struct", "fields": self.fields(depth + 1)}
        if choice == 8:
            return {"type": "list", "element-id": self.field_id(), "element": self.kind(depth + 1),
                    "element-required": self.random.random() < 0.5}
        return {"type": "map", "key-id": self.field_id(), "key": "string",
                "value-id": self.field_id(), "value": self.kind(depth + 1),
                "value-required": self.random.random() < 0.5}

    def fields(self, depth=0):
        return [{"id": self.field_id(), "name": f"f{i}", "required": self.random.random() < 0.4,
                 "type": self.kind(depth)} for i in range(self.random.randrange(1, 5))]

    def partition_fields(self, columns):
        fields = []
        for column in columns:
            if self.random.random() < 0.6 or not isinstance(column["type"], str):
                continue
            transforms = ["identity", "void"]
            if column["type"] in ("timestamp", "timestamptz"):
                transforms += ["year", "month", "day", "hour", "bucket[8]"]
            if column["type"] == "date":
                transforms += ["year", "month", "day"]
            if column["type"] in ("int", "long", "string"):
                transforms += ["bucket[16]", "truncate[3]"]
            transform = self.random.choice(transforms)
            name = column["name"] + ("" if transform == "identity" else "_p")
            fields.append({"source-id": column["id"], "field-id": 1000 + len(fields), "name": name,
                           "transform": transform})
        return fields

    def table(self):
        self.next_id = 0
        fields = self.fields()
        fields.append({"id": self.field_id(), "name": "key", "required": True, "type": "long"})
        schema = {"type": "struct", "schema-id": 0, "fields": fields}
        if self.random.random() < 0.5:
            schema["identifier-field-ids"] = [fields[-1]["id"]]
        return {"schema": schema,
                "spec": {"spec-id": 0, "fields": self.partition_fields(fields)},
                "properties": {"owner": "é", "format-version": "2"}}

    def updates(self, document):
        makers = [self.snapshot, self.snapshot, self.snapshot, self.column, self.properties,
                  self.reference, self.expiry, self.spec, self.sort_order, self.rollback,
                  self.statistics, self.location, self.wrong]
        return self.random.choice(makers)(document)

    def snapshot(self, document):
        snapshot_id = self.random.getrandbits(62) + 1
        snapshot = {"sequence-number": document["last-sequence-number"] + 1,
                    "snapshot-id": snapshot_id,
                    "timestamp-ms": document["last-updated-ms"] + self.random.randrange(1, 5000),
                    "summary": {"operation": "append", "x": "é"},
                    "manifest-list": f"file:/w/t/metadata/snap-{snapshot_id}.avro",
                    "schema-id": document["current-schema-id"]}
        if document["current-snapshot-id"] != -1:
            snapshot["parent-snapshot-id"] = document["current-snapshot-id"]
        branch = self.random.choice(["main", "main", "audit"])
        return [{"action": "add-snapshot", "snapshot": snapshot},
                {"action": "set-snapshot-ref", "ref-name": branch, "type": "branch",
                 "snapshot-id": snapshot_id}]

    def current_schema(self, document):
        return copy.deepcopy(next(schema for schema in document["schemas"]
                                  if schema["schema-id"] == document["current-schema-id"]))

    def column(self, document):
        schema = self.current_schema(document)
        self.next_id = document["last-column-id"]
        schema["fields"].append({"id": self.next_id + 1, "name": f"n{self.next_id + 1}",
                                 "required": False, "type": self.primitive()})
        if self.random.random() < 0.2:
            schema = self.random.choice(document["schemas"])
        return [{"action": "add-schema", "schema": schema},
                {"action": "set-current-schema",
                 "schema-id": id_of(schema, document["schemas"], "schema-id")}]

    def properties(self, document):
        return [{"action": "set-properties",
                 "updates": {self.random.choice("abc"): str(self.random.random())}},
                {"action": "remove-properties", "removals": [self.random.choice("abc")]}]

    def a_snapshot(self, document):
        ids = [snapshot["snapshot-id"] for snapshot in document["snapshots"]]
        return self.random.choice(ids) if ids else 77

    def reference(self, document):
        kind = self.random.choice(["branch", "tag"])
        if self.random.random() < 0.3:
            return [{"action": "remove-snapshot-ref", "ref-name": f"old-{kind}"}]
        return [{"action": "set-snapshot-ref", "ref-name": f"old-{kind}", "type": kind,
                 "snapshot-id": self.a_snapshot(document), "max-ref-age-ms": 5000}]

    def rollback(self, document):
        return [{"action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
                 "snapshot-id": self.a_snapshot(document)}]

    def expiry(self, document):
        used = {ref["snapshot-id"] for ref in document["refs"].values()}
        gone = [snapshot["snapshot-id"] for snapshot in document["snapshots"]
                if snapshot["snapshot-id"] not in used and self.random.random() < 0.4]
        return [{"action": "remove-snapshots", "snapshot-ids": gone}]

    def spec(self, document):
        fields = self.partition_fields(self.current_schema(document)["fields"])
        for field in fields:
            known = [old["field-id"] for spec in document["partition-specs"]
                     for old in spec["fields"]
                     if (old["source-id"], old["transform"], old["name"]) ==
                     (field["source-id"], field["transform"], field["name"])]
            field["field-id"] = known[0] if known else document["last-partition-id"] + 1
            document = document | {"last-partition-id": max(document["last-partition-id"],
                                                            field["field-id"])}
        spec = {"spec-id": 0, "fields": fields}
        return [{"action": "add-spec", "spec": spec},
                {"action": "set-default-spec",
                 "spec-id": id_of(spec, document["partition-specs"], "spec-id")}]

    def sort_order(self, document):
        columns = [field for field in self.current_schema(document)["fields"]
                   if isinstance(field["type"], str)]
        fields = [{"transform": "identity", "source-id": self.random.choice(columns)["id"],
                   "direction": self.random.choice(["asc", "desc"]),
                   "null-order": "nulls-first"}] if self.random.random() < 0.8 else []
        order = {"order-id": 1 if fields else 0, "fields": fields}
        return [{"action": "add-sort-order", "sort-order": order},
                {"action": "set-default-sort-order",
                 "sort-order-id": id_of(order, document["sort-orders"], "order-id")}]

    def statistics(self, document):
        snapshot_id = self.a_snapshot(document)
        return [{"action": "set-statistics", "snapshot-id": snapshot_id,
                 "statistics": {"snapshot-id": snapshot_id, "statistics-path": "file:/s",
                                "file-size-in-bytes": self.random.randrange(99),
                                "file-footer-size-in-bytes": 4, "blob-metadata": []}}]

    def location(self, document):
        return [{"action": "set-location", "location": f"file:/w/{self.random.randrange(3)}"}]

    def wrong(self, document):
        """What both should refuse."""
        late = self.snapshot(document)
        late[0]["snapshot"]["sequence-number"] = document["last-sequence-number"]
        late[0]["snapshot"]["parent-snapshot-id"] = 1
        return self.random.choice([
            [{"action": "set-current-schema", "schema-id": -1}],
            [{"action": "set-current-schema", "schema-id": 99}],
            [{"action": "set-default-spec", "spec-id": -1}],
            [{"action": "set-default-spec", "spec-id": 99}],
            [{"action": "set-default-sort-order", "sort-order-id": 99}],
            [{"action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
              "snapshot-id": 12345}],
            [{"action": "set-snapshot-ref", "ref-name": "main", "type": "leaf",
              "snapshot-id": 12345}],
            [{"action": "add-snapshot"}],
            [{"action": "upgrade-format-version", "format-version": 1}],
            [{"action": "upgrade-format-version", "format-version": 9}],
            [{"action": "paint"}],
            late])

    def requirement(self, document):
        def near(number):
            return number + self.random.choice([0, 0, 1])
        main = document["refs"].get("main", {}).get("snapshot-id")
        return self.random.choice([
            {"type": "assert-create"},
            {"type": "assert-table-uuid",
             "uuid": self.random.choice([document["table-uuid"], document["table-uuid"].upper(),
                                         "9c12d441-03fe-4693-9a96-a0705ddf69c1"])},
            {"type": "assert-ref-snapshot-id", "ref": self.random.choice(["main", "none"]),
             "snapshot-id": self.random.choice([main, None, 5])},
            {"type": "assert-last-assigned-field-id",
             "last-assigned-field-id": near(document["last-column-id"])},
            {"type": "assert-current-schema-id",
             "current-schema-id": near(document["current-schema-id"])},
            {"type": "assert-last-assigned-partition-id",
             "last-assigned-partition-id": near(document["last-partition-id"])},
            {"type": "assert-default-spec-id",
             "default-spec-id": near(document["default-spec-id"])},
            {"type": "assert-default-sort-order-id",
             "default-sort-order-id": near(document["default-sort-order-id"])}])


def comparable(document, requested):
    """Without what follows the clock, and without empty lists and members that need not be there."""
    if "error" in document:
        return "error"
    document = copy.deepcopy(document)
    if requested == "create":
        document.pop("table-uuid")
        document["properties"].pop("write.parquet.compression-codec", None)  # Java's own choice
    document.pop("last-updated-ms")
    document.pop("metadata-log", None)
    for entry in document["snapshot-log"]:
        entry.pop("timestamp-ms")
    for name in ("statistics", "partition-statistics", "snapshots"):  # Java's order is that of a map
        document.setdefault(name, []).sort(key=lambda item: item["snapshot-id"])
    return document


def show(request, mine, yours, kind):
    shown = {name: request[name] for name in request if name != "metadata"}
    print(f"DIFFERENT {json.dumps(shown)}")
    refused = [answer for answer in (mine, yours) if isinstance(answer, str) or "error" in answer]
    if refused:
        print(f" refused: {refused}")
        return
    left, right = comparable(mine, kind), comparable(yours, kind)
    for name in sorted(set(left) | set(right)):
        if left.get(name) != right.get(name):
            before = request.get("metadata", {}).get(name)
            print(f" {name}\n  before: {json.dumps(before)}\n  ours:   {json.dumps(left.get(name))}"
                  f"\n  theirs: {json.dumps(right.get(name))}")


def run(native, java, requests, kind):
    ours = Program(native).answers(requests)
    theirs = Program(java).answers(requests)
    if len(ours) != len(requests) or len(theirs) != len(requests):
        raise SystemExit("an answer is missing")
    failures = 0
    for request, mine, yours in zip(requests, ours, theirs):
        same = mine == yours if isinstance(yours, str) or isinstance(mine, str) else \
            comparable(mine, kind) == comparable(yours, kind)
        if same:
            continue
        failures += 1
        if failures <= 3:
            show(request, mine, yours, kind)
    refused = sum("error" in answer for answer in ours if isinstance(answer, dict))
    print(f"{kind}: {len(requests)} compared, {refused} refused by both, {failures} different")
    return ours, failures


def merged_manifests(program, java):
    """The number of differences: six commits of a file each, and every third merges."""
    with tempfile.TemporaryDirectory() as folder:
        table = [program, f"type=hadoop;warehouse=file://{folder}", "db.orders"]
        schema = {"type": "struct", "schema-id": 0, "fields": [
            {"id": 1, "name": "c", "type": "int", "required": False}]}
        for command in (["create", json.dumps(schema), "c, truncate(c, 2), bucket(c, 4)"],
                        ["set", "commit.manifest.min-count-to-merge", "3"], ["commit", "6"]):
            subprocess.run(table + command, check=True, timeout=60)
        document = json.loads(subprocess.run(table + ["document"], check=True, timeout=60,
                                             capture_output=True).stdout)
        answer = Program(java).answers([{"metadata": document, "files": True}])[0]
        data = f"file://{folder}/db/orders/data"
    files = [[f"{data}/{i}.parquet", i + 1, i + 1, i + 1,
              f"PartitionData{{c={i}, c_trunc={i}, c_bucket={i}}}"] for i in reversed(range(6))]
    expected = [[[1, 0, 6, 6], [1, 4, 5, 1]], files]
    if answer == expected:
        return 0
    print(f"merged manifests: Java reads\n  {answer}\n  and not\n  {expected}")
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--native", required=True)
    parser.add_argument("--jars", required=True)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--tables", type=int, default=60)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    generator = Generator(options.seed)
    native = [options.native, "documents"]
    java = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", f"{options.jars}/*", str(JAVA)]

    documents, failures = run(native, java,
                              [generator.table() for _ in range(options.tables)], "create")
    # Our own answers grow from round to round; then Java is asked for all of them at once.
    requests = []
    for _ in range(ROUNDS):
        step = [{"metadata": document, "updates": generator.updates(document)}
                for document in documents]
        answers = Program(native).answers(step)
        requests += step
        documents = [before if "error" in after else after
                     for before, after in zip(documents, answers)]
    failures += run(native, java, requests, "updates")[1]
    requirements = [{"metadata": document, "requirement": generator.requirement(document)}
                    for document in documents for _ in range(8)]
    failures += run(native, java, requirements, "requirements")[1]
    failures += merged_manifests(options.native, java)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
