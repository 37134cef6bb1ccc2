"""Reads #include lines: arrows between modules, homes of third-party headers, length of files."""

import re
import unittest
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
SOURCES = [path for folder in ("include", "runtime", "connectors", "examples")
           for path in sorted((REPO / folder).rglob("*")) if path.suffix in (".h", ".cc")]

# A module may include those of lower rank and itself (docs/architecture.md).
RANKS = {"core": 0, "metrics": 1, "security": 1, "broker": 1, "plugins": 1, "storage": 2, "pipeline": 3,
         "worker": 4, "group": 5, "herder": 6, "rest": 7, "cli": 8}
# The loader and the clients write to the log, so metrics stands under its neighbours.
BESIDE = {("broker", "metrics"), ("broker", "security"), ("plugins", "metrics")}

# Third-party headers and the only folders that may include them.
HOMES = {
    r"librdkafka/": ["runtime/broker/kafka/"],
    r"curl/": ["runtime/security/", "connectors/http/"],
    r"sqlite3\.h": ["connectors/lakehouse/catalog/"],
    r"libpq-fe\.h": ["connectors/lakehouse/catalog/"],
    r"rocksdb/": ["runtime/broker/embedded/", "connectors/feature_store/rocksdb/"],
    r"boost/beast": ["runtime/rest/", "connectors/feature_store/serving/"],
    r"boost/asio": ["runtime/rest/", "runtime/cli/", "runtime/group/", "connectors/feature_store/serving/"],
    r"hiredis/": ["connectors/feature_store/redis/"],
    r"(mysql|mariadb)": ["connectors/feature_store/mysql/"],
    r"(arrow|parquet)/": ["connectors/lakehouse/parquet/"],
}
MAX_LINES = 500


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^">]+)[">]', path.read_text(), re.MULTILINE)


def name(path):
    return path.relative_to(REPO).as_posix()


class IncludesTest(unittest.TestCase):
    def test_there_is_something_to_check(self):
        self.assertGreater(len(SOURCES), 100)

    def test_arrows_between_modules_point_one_way(self):
        wrong = []
        for path in SOURCES:
            if not name(path).startswith("runtime/"):
                continue
            module = name(path).split("/")[1]
            self.assertIn(module, RANKS, f"{name(path)}: give the new module a rank")
            for header in includes(path):
                if not header.startswith("runtime/"):
                    continue
                other = header.split("/")[1]
                if other != module and RANKS[other] >= RANKS[module] and \
                        (module, other) not in BESIDE:
                    wrong.append(f"{name(path)} includes {header}")
        self.assertEqual(wrong, [])

    def test_public_headers_and_connectors_know_nothing_of_the_runtime(self):
        wrong = [f"{name(path)} includes {header}" for path in SOURCES
                 if not name(path).startswith("runtime/")
                 for header in includes(path) if header.startswith("runtime/")]
        self.assertEqual(wrong, [])

    def test_public_headers_show_no_third_party_types(self):
        wrong = [f"{name(path)} includes {header}" for path in SOURCES
                 if name(path).startswith("include/")
                 for header in includes(path)
                 if "/" in header and not header.startswith("millrace/")
                 and not header.startswith("sanitizer/")]
        self.assertEqual(wrong, [])

    def test_third_party_headers_stay_at_home(self):
        wrong = [f"{name(path)} includes {header}" for path in SOURCES
                 for header in includes(path)
                 for pattern, homes in HOMES.items()
                 if re.match(pattern, header)
                 and not any(name(path).startswith(home) for home in homes)]
        self.assertEqual(wrong, [])

    def test_files_stay_short(self):
        long = [name(path) for path in SOURCES
                if path.read_text().count("\n") > MAX_LINES]
        self.assertEqual(long, [])

    def test_every_module_says_what_it_is(self):
        folders = {path.parent for path in SOURCES
                   if len(path.relative_to(REPO).parts) == 3 and not name(path).startswith("inc")}
        missing = [name(f) for f in sorted(folders) if not (f / "README.md").exists()]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
