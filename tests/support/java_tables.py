"""Apache Iceberg's own classes (tests/oracle/TableTool.java) on the tables of a lake."""

import json
import os
import subprocess
import uuid
from pathlib import Path

import pyarrow
import pyarrow.parquet
from pyiceberg.io.pyarrow import schema_to_pyarrow

from lake import local_path

TOOL = Path(__file__).resolve().parents[1] / "oracle" / "TableTool.java"


class JavaTables:
    """A Java process that is told what to do; each call ends when it is done."""

    def __init__(self, lake):
        self.lake = lake
        warehouse = f"file://{lake.warehouse}"
        where = ["hadoop", warehouse] if lake.kind == "hadoop" else \
            ["jdbc", f"jdbc:sqlite:{lake.database}", warehouse]
        self.log = open(lake.folder / f"java-{uuid.uuid4().hex[:8]}.log", "w+b")
        self.process = subprocess.Popen(
            ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp",
             os.environ["MILLRACE_ICEBERG_JARS"] + "/*", str(TOOL), *where],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def call(self, op, table="db.orders", **more):
        self.process.stdin.write(json.dumps({"op": op, "table": table, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise RuntimeError("Java ended:\n" + self.log.read().decode()[-4000:])
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{op} by Java: {answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def write_file(self, rows, table="db.orders"):
        """A data file with the table's columns; what `append` and `rewrite` are told of it."""
        data = rows if isinstance(rows, pyarrow.Table) else pyarrow.Table.from_pylist(rows)
        loaded = self.lake.table(table)
        schema = schema_to_pyarrow(loaded.schema())
        columns = [data[field.name].cast(field.type) if field.name in data.column_names
                   else pyarrow.nulls(data.num_rows, field.type) for field in schema]
        path = loaded.location() + f"/data/foreign-{uuid.uuid4().hex}.parquet"
        local = Path(local_path(path))
        local.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_arrays(columns, schema=schema), local)
        return {"path": path, "bytes": local.stat().st_size, "rows": data.num_rows}

    def append(self, rows, table="db.orders"):
        self.call("append", table, files=[self.write_file(rows, table)])

    def compact(self, table="db.orders"):
        """All files of an unpartitioned table into one; returns how many there were."""
        scan = self.lake.table(table).scan()
        old = [task.file.file_path for task in scan.plan_files()]
        if old:
            self.call("rewrite", table, old=old, files=[self.write_file(scan.to_arrow(), table)])
        return len(old)
