#!/usr/bin/env python3
"""Writes records as Hopsworks' clients do: bare Avro, described by headers.

    producer.py transactions COUNT [--ingestion ID]   one for each card from 1 to COUNT
    producer.py transaction CARD AMOUNT MERCHANT      one
    producer.py delete CARD                           of its transaction
    producer.py session CARD CLICKS                   one, which expires 5 s after now

Each line of the output is a record as JSON, its value in base64, for the transformation ReadJsonRecord. Only
Python's own library is needed.
"""

import argparse
import base64
import json
import struct
import time

PROJECT = "119"
TRANSACTIONS = {"projectId": PROJECT, "featureGroupId": "42", "subjectId": "17"}
SESSIONS = {"projectId": PROJECT, "featureGroupId": "43", "subjectId": "18"}
NULL = b"\x00"  # the first branch of a union
VALUE = b"\x02"  # its second branch


def number(value):
    """Avro's int and long: zig-zag, seven bits a byte."""
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest >= 0x80:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def blob(value):
    return number(len(value)) + value


def text(value):
    return blob(value.encode())


def doubles(values):
    """A complex feature: Avro of its own, union and all, which the row holds as bytes."""
    items = b"".join(VALUE + struct.pack("<d", value) for value in values)
    return blob(VALUE + number(len(values)) + items + number(0))


def micros():
    return time.time_ns() // 1000


def row(*fields):
    return b"".join(NULL if field is None else VALUE + field for field in fields)


def transaction(card, amount, merchant):
    return row(number(card), number(micros()), struct.pack("<d", amount), text(merchant),
               doubles([amount, amount / 2]))


def record(value, headers, **more):
    return json.dumps({"headers": {**headers, **more}, "value": base64.b64encode(value).decode()})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    many = what.add_parser("transactions")
    many.add_argument("count", type=int)
    many.add_argument("--ingestion")
    one = what.add_parser("transaction")
    one.add_argument("card", type=int)
    one.add_argument("amount", type=float)
    one.add_argument("merchant")
    delete = what.add_parser("delete")
    delete.add_argument("card", type=int)
    session = what.add_parser("session")
    session.add_argument("card", type=int)
    session.add_argument("clicks", type=int)
    given = parser.parse_args()
    if given.what == "transactions":
        more = {"onlineIngestionId": given.ingestion} if given.ingestion else {}
        for card in range(1, given.count + 1):
            print(record(transaction(card, card % 90 + 0.25, f"shop-{card % 7}"), TRANSACTIONS, **more))
    elif given.what == "transaction":
        print(record(transaction(given.card, given.amount, given.merchant), TRANSACTIONS))
    elif given.what == "delete":  # the whole row, with nothing in it but the key
        print(record(row(number(given.card), None, None, None, b"\x02\x00"), TRANSACTIONS,
                     operation="delete", storage="online"))
    else:
        print(record(row(number(given.card), number(micros()), number(given.clicks)), SESSIONS))


if __name__ == "__main__":
    main()
