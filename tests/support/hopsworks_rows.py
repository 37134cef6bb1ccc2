"""Rows as clients of Hopsworks put them on a topic (feature-store-sink.md §2 to §4), with fastavro.

hopsworks_rows.py SCHEMA.json < ROWS     one JSON object a line becomes the value's hexadecimal digits
"""

import io
import json
import sys

import fastavro

COMPLEX = ("array", "map", "record")


def without_null(avro_type):
    """The type of a nullable field."""
    if not isinstance(avro_type, list):
        return avro_type
    return next(branch for branch in avro_type if branch != "null")


def is_complex(avro_type):
    value = without_null(avro_type)
    return isinstance(value, dict) and value["type"] in COMPLEX


def encoded_schema(schema):
    """The writer's schema: complex fields are bytes."""
    fields = [{**field, "type": ["null", "bytes"]} if is_complex(field["type"]) else field
              for field in schema["fields"]]
    return {**schema, "fields": fields}


def encode_value(avro_type, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(avro_type), value)
    return out.getvalue()


def decode_value(avro_type, data):
    stream = io.BytesIO(data)
    value = fastavro.schemaless_reader(stream, fastavro.parse_schema(avro_type), None)
    if stream.read(1):
        raise ValueError("bytes follow a value")
    return value


def encode_blocks(avro_type, value, rng):
    """As encode_value, arrays and maps in random blocks, some with their size, as a blocking encoder may."""
    if isinstance(avro_type, list):
        index = avro_type.index("null") if value is None else avro_type.index(without_null(avro_type))
        rest = b"" if value is None else encode_blocks(avro_type[index], value, rng)
        return encode_value("long", index) + rest
    kind = avro_type["type"] if isinstance(avro_type, dict) else avro_type
    if kind == "record":
        return b"".join(encode_blocks(f["type"], value[f["name"]], rng) for f in avro_type["fields"])
    if kind not in ("array", "map"):
        return encode_value(avro_type, value)
    items = [encode_blocks(avro_type["items"], item, rng) for item in value] if kind == "array" else \
        [encode_value("string", name) + encode_blocks(avro_type["values"], item, rng)
         for name, item in value.items()]
    out = b""
    while items:
        count = rng.randrange(len(items)) + 1
        block, items = b"".join(items[:count]), items[count:]
        sized = rng.randrange(2) == 0
        out += encode_value("long", -count) + encode_value("long", len(block)) + block if sized else \
            encode_value("long", count) + block
    return out + b"\0"


def encode_row(schema, row, client="python", rng=None):
    """`client`: python writes the null of a complex value within the bytes, spark and java outside; java
    writes arrays in blocks (`rng` says which)."""
    outer = {}
    for field in schema["fields"]:
        value = row.get(field["name"])
        has_null = isinstance(field["type"], list) and "null" in field["type"]
        if is_complex(field["type"]) and (value is not None or (client == "python" and has_null)):
            value = encode_blocks(field["type"], value, rng) if client == "java" else \
                encode_value(field["type"], value)
        outer[field["name"]] = value
    return encode_value(encoded_schema(schema), outer)


def decode_row(schema, data):
    outer = decode_value(encoded_schema(schema), data)
    return {field["name"]: decode_value(field["type"], outer[field["name"]])
            if is_complex(field["type"]) and outer[field["name"]] is not None
            else outer[field["name"]] for field in schema["fields"]}


def headers(project_id, group_id, schema_id, ingestion_id=None, operation=None, storage=None,
            upsert_if_newer=False):
    """Those of a record, as texts."""
    named = {"projectId": project_id, "featureGroupId": group_id, "subjectId": schema_id,
             "onlineIngestionId": ingestion_id, "operation": operation, "storage": storage,
             "upsertIfNewer": 1 if upsert_if_newer else None}
    return {name: str(value) for name, value in named.items() if value is not None}


def key(primary_key, row, client="python"):
    """Bytes of a record's key, which nobody may rely on."""
    if client == "java":
        return ";".join(str(row[name]) for name in primary_key).encode()
    text = "".join(str(row[name]) for name in sorted(primary_key))
    if client == "python":
        return text.encode()
    return encode_value(["null", "string"], text)  # spark, where the expression may be null


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    for line in sys.stdin:
        print(encode_row(schema, json.loads(line)).hex())


if __name__ == "__main__":
    main()
