"""What PyIceberg finds in the table of orders; ends with 1 when an order is missing or there twice."""

import argparse
import sys

from pyiceberg.catalog.sql import SqlCatalog


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalog", help="file of the SQLite catalog")
    parser.add_argument("--exactly", type=int, help="orders 1 to this must be there, once each")
    parser.add_argument("--at-most", type=int, help="so many orders may be there, once each")
    parser.add_argument("--schema", action="store_true", help="show columns and some rows")
    return parser.parse_args()


def main():
    options = parse()
    table = SqlCatalog("lake", uri=f"sqlite:///{options.catalog}").load_table("shop.orders")
    rows = table.scan().to_arrow()
    ids = rows["id"].to_pylist()
    print(f"PyIceberg: {len(ids)} rows, {len(set(ids))} different orders, "
          f"{len(table.metadata.snapshots)} snapshots")
    if options.schema:
        for field in table.schema().fields:
            print(f"  {field.field_id:3} {field.name}: {field.field_type}")
        print(rows.sort_by("id").slice(len(ids) - 2).to_pylist())
    if len(ids) != len(set(ids)):
        return "an order is in the table more than once"
    if options.exactly is not None and set(ids) != set(range(1, options.exactly + 1)):
        return f"these are not the orders 1 to {options.exactly}"
    if options.at_most is not None and len(ids) > options.at_most:
        return "all orders are in the table already: the kill came too late to show anything"
    return 0


if __name__ == "__main__":
    sys.exit(main())
