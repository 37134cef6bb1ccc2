"""Prints what PyArrow and PyIceberg find in Parquet files: read_back.py SCHEMA.json FILE...

An element for each file. Values that JSON lacks are text: reals by their bytes, decimals by their
digits, bytes in hexadecimal. Dates, times and timestamps are numbers, as in the file. Of large files the rows are left out.
"""

import datetime
import decimal
import json
import logging
import struct
import sys
import uuid

import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import (ArrowScan, PyArrowFileIO, compute_statistics_plan,
                                  data_file_statistics_from_parquet_metadata,
                                  parquet_path_to_id_mapping)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.typedef import Record

EPOCH = datetime.datetime(1970, 1, 1)
LARGE = 10_000  # rows
MICROSECOND = datetime.timedelta(microseconds=1)


def plain(value):
    """A Python value as the test has it."""
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return (value.replace(tzinfo=None) - EPOCH) // MICROSECOND
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    if isinstance(value, datetime.time):
        return (datetime.datetime.combine(EPOCH, value) - EPOCH) // MICROSECOND
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def rows_of(table):
    return [plain(row) for row in table.to_pylist()]


def scan(path, schema):
    """The rows as PyIceberg reads them, by field id."""
    metadata = new_table_metadata(schema, UNPARTITIONED_PARTITION_SPEC, UNSORTED_SORT_ORDER,
                                  "file:///nowhere")
    # A new table's ids are given anew; the file has those of the schema.
    metadata = metadata.model_copy(update={"schemas": [schema], "current_schema_id": 0})
    footer = pq.read_metadata(path)
    data_file = DataFile.from_args(
        content=DataFileContent.DATA, file_path=path, file_format=FileFormat.PARQUET,
        partition=Record(), record_count=footer.num_rows, file_size_in_bytes=0)
    data_file.spec_id = 0
    arrow_scan = ArrowScan(metadata, PyArrowFileIO(), schema, AlwaysTrue())
    return rows_of(arrow_scan.to_table([FileScanTask(data_file)]))


def statistics(path, schema, mode):
    found = data_file_statistics_from_parquet_metadata(
        pq.read_metadata(path),
        compute_statistics_plan(schema, {"write.metadata.metrics.default": mode}),
        parquet_path_to_id_mapping(schema))
    return {
        "record_count": found.record_count,
        "column_sizes": found.column_sizes,
        "value_counts": found.value_counts,
        "null_counts": found.null_value_counts,
        "split_offsets": found.split_offsets,
        "lower": {id: agg.min_as_bytes().hex() for id, agg in found.column_aggregates.items()
                  if agg.min_as_bytes() is not None},
        "upper": {id: agg.max_as_bytes().hex() for id, agg in found.column_aggregates.items()
                  if agg.max_as_bytes() is not None},
    }


def chunks(footer):
    """By path: how each row group's chunk is written."""
    found = {}
    for group in range(footer.num_row_groups):
        for i in range(footer.num_columns):
            chunk = footer.row_group(group).column(i)
            bounds = chunk.statistics if chunk.is_stats_set else None
            bounds = bounds if bounds and bounds.has_min_max else None
            found.setdefault(chunk.path_in_schema, []).append({
                "compression": chunk.compression,
                "dictionary": chunk.has_dictionary_page,
                "min": plain(bounds.min) if bounds else None,
                "max": plain(bounds.max) if bounds else None,
            })
    return found


def read_back(path, schema):
    parquet = pq.ParquetFile(path)
    footer = parquet.metadata
    found = {
        "schema": str(parquet.schema).split("\n", 1)[1],
        "footer": {key.decode(): value.decode() for key, value in (footer.metadata or {}).items()},
        "created_by": footer.created_by,
        "row_groups": [footer.row_group(i).num_rows for i in range(footer.num_row_groups)],
        "chunks": chunks(footer),
        "full": statistics(path, schema, "full"),
        "truncated": statistics(path, schema, "truncate(16)"),
    }
    if footer.num_rows <= LARGE:
        found["rows"] = rows_of(parquet.read())
        found["iceberg_rows"] = scan(path, schema)
    return found


def main(schema_path, *paths):
    logging.disable(logging.WARNING)
    with open(schema_path, encoding="utf-8") as file:
        schema = Schema.model_validate_json(file.read())
    json.dump([read_back(path, schema) for path in paths], sys.stdout)


main(*sys.argv[1:])
