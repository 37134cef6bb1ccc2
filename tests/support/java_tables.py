"""Apache Iceberg's own classes (tests/oracle/TableTool.java) on the tables of a lake."""

import os
import uuid
from pathlib import Path

import pyarrow
import pyarrow.parquet
from pyiceberg.io.pyarrow import schema_to_pyarrow

from json_program import JsonProgram
from lake import local_path


class JavaTables:
    """A Java process that is told what to do; each call ends when it is done."""

    def __init__(self, lake):
        self.lake = lake
        warehouse = f"file://{lake.warehouse}"
        where = ["hadoop", warehouse] if lake.kind == "hadoop" else \
            ["jdbc", f"jdbc:sqlite:{lake.database}", warehouse]
        self.program = JsonProgram("TableTool.java", os.environ["MILLRACE_ICEBERG_JARS"] + "/*",
                                   *where)
        self.close = self.program.close

    def call(self, op, table="db.orders", **more):
        return self.program.call(op, table=table, **more)

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
