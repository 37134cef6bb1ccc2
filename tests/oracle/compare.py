#!/usr/bin/env python3
"""Runs the native and the Java converters on the same random cases and compares the answers.

compare.py --native PROGRAM --jars FOLDER [--seed N] [--cases N]
"""

import argparse
import concurrent.futures
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import Cases, Schema, hexed  # noqa: E402

JSON = "json.JsonConverter"
STRING = "storage.StringConverter"
SIMPLE = "storage.SimpleHeaderConverter"
NUMBERS = {"Boolean": "BOOLEAN", "Short": "INT16", "Integer": "INT32", "Long": "INT64",
           "Float": "FLOAT32", "Double": "FLOAT64"}
ENCODINGS = ["UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE", "utf8", "latin1",
             "ASCII", "cp819", "UTF_16", "x-no-such"]


def json_settings(g, enable=None):
    """Any combination of options, now and then one that is refused."""
    r = g.r
    options = {"schemas.enable": enable or r.choice(["true", "false", "", "TRUE", " false "]),
               "decimal.format": r.choice(["", "", "NUMERIC", "base64", "numeric", "BASE64"]),
               "replace.null.with.default": r.choice(["", "", "false", "true"]),
               "schemas.cache.size": r.choice(["", "", "0", "1", "2", "1000"])}
    if g.maybe(0.01):
        options[r.choice(list(options))] = r.choice(["x", "-1", "1.5", "9999999999", "yes"])
    return ";".join(f"{k}={v}" for k, v in options.items() if v)


def side(g):
    return g.r.choice(["key", "value", "value", "header"])


def json_read(g):
    return [JSON, side(g), "read", json_settings(g, "false"), hexed(g.mutated(g.document()))]


def json_read_schema(g):
    s = g.schema()
    settings = json_settings(g, "true")
    text = '{"schema":%s,"payload":%s}' % (g.schema_json(s), g.payload(s))
    if g.maybe(0.03):
        text = g.r.choice(["", "null", "[]", "{}", '{"schema":null,"payload":1}', '{"payload":1,"schema":null}',
                           '{"schema":{"type":"int8"},"payload":1,"x":2}', '{"schema":1,"payload":1}',
                           '{"schema":{"type":"int8"},"payload":1}x', '{"schema":{"type":"int8"}}',
                           '{"schema":{"type":"int8"},"payload":1,"payload":2}',
                           '{"schema":{"type":"int8"},"payload":5 } ', '{"schema":{"type":"string"},"payload":5'])
    return [JSON, side(g), "read", settings, hexed(g.mutated(text) if g.maybe(0.1) else text)]


def json_write(g):
    settings = json_settings(g)
    if g.maybe(0.25):
        return [JSON, side(g), "write", settings, "- " + g.free_value()]
    s = g.schema()
    value = "n" if g.maybe(0.05) else g.value(s, wrong=0.02)
    return [JSON, side(g), "write", settings, s.text() + " " + value]


def string_read(g):
    raw = g.r.choice([g.word(12).encode(), g.mutated(g.word(12)), g.r.randbytes(g.r.randint(0, 12)),
                      g.word(8).encode("utf-16"), g.word(8).encode("utf-16-be")])
    settings = "" if g.maybe(0.3) else "converter.encoding=" + g.r.choice(ENCODINGS)
    if g.maybe(0.1):
        settings += ";value.deserializer.encoding=US-ASCII;deserializer.encoding=UTF-16"
    return [STRING, side(g), "read", settings, hexed(None if g.maybe(0.03) else raw)]


def string_write(g):
    settings = "" if g.maybe(0.3) else "converter.encoding=" + g.r.choice(ENCODINGS)
    if g.maybe(0.1):
        settings += ";value.serializer.encoding=US-ASCII;serializer.encoding=UTF-16"
    s = g.schema()
    data = g.r.choice(["- " + g.free_value(), "- s " + hexed(g.word(12)), s.text() + " " + g.value(s)])
    return [STRING, side(g), "write", settings, data]


def simple_read(g):
    text = g.header_text()
    raw = g.mutated(text) if g.maybe(0.2) else text.encode()
    return [SIMPLE, "header", "read", "", hexed(None if g.maybe(0.01) else raw)]


def simple_write(g):
    s = g.schema()
    return [SIMPLE, "header", "write", "", g.r.choice(["- " + g.free_value(), s.text() + " " + g.value(s)])]


def fixed_read(name):
    def read(g):
        raw = g.r.randbytes(g.r.choice([0, 1, 2, 4, 8, 8, 4, 2, 1, 3]))
        if name == "Boolean" and g.maybe(0.7):
            raw = bytes([g.r.choice([0, 1, 2, 255])])
        return [f"converters.{name}Converter", side(g), "read", "", hexed(None if g.maybe(0.05) else raw)]
    return read


def fixed_write(name):
    def write(g):
        s = Schema(NUMBERS.get(name, "BYTES"), optional=g.maybe(0.5))
        data = s.text() + " " + g.value(s)
        if g.maybe(0.3):
            data = g.r.choice(["-", g.schema(0).text()]) + " " + g.free_value(1)
        return [f"converters.{name}Converter", side(g), "write", "", data]
    return write


def struct_put(g):
    s = g.schema(defaults=False)
    return ["struct", "", "put", "", s.text() + " " + ("n" if g.maybe(0.1) else g.value(s, wrong=0.2))]


def project(g):
    source = g.schema()
    return ["project", "", "", "", " ".join([source.text(), g.variant(source).text(), g.value(source)])]


GENERATORS = {k.__name__: k for k in [json_read, json_read_schema, json_write, string_read, string_write,
                                      simple_read, simple_write, struct_put,
                                      project]}
for fixed in [*NUMBERS, "ByteArray"]:
    GENERATORS[fixed + "_read"] = fixed_read(fixed)
    GENERATORS[fixed + "_write"] = fixed_write(fixed)
CONFIGS = [[c, "value", "config", "", ""] for c in
           [JSON, STRING, SIMPLE, "converters.ByteArrayConverter"] +
           [f"converters.{n}Converter" for n in NUMBERS]]


BEYOND = re.compile(r"\(code \d+ / 0x1?[0-9a-f]{5}\)")
HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def unhex(token):
    return bytes.fromhex(token[1:]).decode("utf-8", "replace")


def shortest(match):
    """One form for all digits of one number: JDK before 19 does not always print the shortest."""
    text = match.group(0)
    single = struct.unpack("<f", struct.pack("<f", float(text)))[0] if abs(float(text)) < 3e38 else None
    digits = len(re.sub(r"E.*|[-.]", "", text).strip("0"))
    return repr(single) if single is not None and digits <= 9 else repr(float(text))


def canonical(text):
    text = re.sub(r"-?\d+\.\d+(E-?\d+)?", shortest, text)
    return re.sub(r"\[B@[0-9a-f]+", "[B@", text)


def verdict(case, ours, java):
    """Empty when the answers agree, else what differs."""
    if ours == java:
        return ""
    if case[0] == JSON and case[2] == "read" and b"\0" in bytes.fromhex(case[4][1:])[:4]:
        return ""  # Jackson takes this for UTF-16 or UTF-32; the native parser wants UTF-8
    a, b = ours.split(" "), java.split(" ")
    utf8 = case[2] != "read" or case[4] == "-" or is_utf8(bytes.fromhex(case[4][1:]))
    if a[0] != b[0]:
        # Jackson drops some bytes of a name that is not UTF-8.
        return "" if case[0] == JSON and not utf8 and a[0] == "ERR" else "one fails"
    if a[0] == "OK":
        if case[0] == JSON and case[2] == "read" and HALF.search(bytes.fromhex(case[4][1:])) and sorted(a) == sorted(b):
            return ""  # half of a surrogate pair is `?` here, whose place in a hash map is another
        if case[2] == "write" and a[1][:1] == "x" == b[1][:1]:
            encoding = "utf-16" if "UTF-16" in case[3] or "UTF_16" in case[3] else "utf-8"
            texts = [bytes.fromhex(t[1][1:]) for t in (a, b)]
            if encoding == "utf-16":
                texts = [t.replace(b"\0", b"") for t in texts]
            if len({canonical(t.decode("utf-8", "replace")) for t in texts}) == 1:
                return ""
        return "results differ"
    if a[1] != b[1] and b[1].startswith("org.apache.kafka"):
        return "classes differ"
    if not b[1].startswith("org.apache.kafka"):
        return ""
    if case[0] == JSON and not utf8:
        return ""  # Jackson decodes while it goes, and may fail elsewhere
    mine, theirs = unhex(a[2]), unhex(b[2]).replace("LinkedHashMap", "HashMap")
    if mine == theirs:
        # Causes that Java adds need not be had here, but what is had must be Java's.
        if len(a) == 3 or len(b) > 3 and reason_of(unhex(a[3])) in unhex(b[3]):
            return ""
        return "causes differ"
    if BEYOND.search(mine) and mine.split("Unexpected")[0] == theirs.split("Unexpected")[0]:
        return ""  # Jackson names the half of a surrogate pair
    if case[0] == STRING and mine.startswith(theirs + "; known are"):
        return ""  # the native message goes on with what there is
    return "messages differ"


def reason_of(cause):
    """First line of a native cause; its end-of-input names the token before."""
    reason = cause.split("\n")[0]
    reason = re.sub(r"((?:token|escape) )'[^']*[^ -~][^']*'.*", r"\1", reason)  # how far it decodes
    return re.sub(r"(Unexpected end-of-input in )\w+$", r"\1", reason)


def is_utf8(data):
    try:
        data.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


def shown(answer):
    return " ".join(unhex(t)[:300] if t[:1] == "x" and len(t) % 2 else t for t in answer.split(" "))


def run(command, lines):
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True,
                          env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"))
    answers = done.stdout.splitlines()
    if len(answers) != len(lines):
        sys.exit(f"{command[0]} answered {len(answers)} of {len(lines)} cases; first without answer: "
                 f"{lines[len(answers)] if len(answers) < len(lines) else ''}\n{done.stderr[-2000:]}")
    return answers


def answers_of_both(native, jars, program, lines):
    """What the native program and the Java class of this folder answer."""
    folder = os.path.dirname(os.path.abspath(__file__))
    path = f"{jars}/*"
    with tempfile.TemporaryDirectory() as classes, concurrent.futures.ThreadPoolExecutor() as pool:
        ours = pool.submit(run, [native], lines)
        subprocess.run(["javac", "-cp", path, "-d", classes, f"{folder}/{program}.java",
                        f"{folder}/Notation.java"], check=True)
        java = run(["java", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC", "-cp",
                    f"{classes}:{path}", program], lines)
        return ours.result(), java


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--jars", required=True)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--cases", type=int, default=2500, help="of each kind")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=3, help="differences of each kind")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.cases} cases of each kind")
    kinds = [k for k in GENERATORS if not options.only or k in options.only.split(",")]
    cases = []
    for kind in kinds:  # one generator for each, so that the cases of one do not depend on the others
        generator = Cases(random.Random(f"{options.seed} {kind}"))
        cases += [(kind, GENERATORS[kind](generator)) for _ in range(options.cases)]
    cases += [("config", c) for c in CONFIGS]
    lines = ["\t".join(c) for _, c in cases]
    ours, java = answers_of_both(options.native, options.jars, "ConverterOracle", lines)
    bad = {}
    total = 0
    succeeded = {}
    for (kind, case), mine, theirs in zip(cases, ours, java):
        succeeded[kind] = succeeded.get(kind, 0) + theirs.startswith("OK")
        what = verdict(case, mine, theirs)
        if what:
            total += 1
            bad.setdefault((kind, what), []).append((case, mine, theirs))
    for (kind, what), found in sorted(bad.items()):
        print(f"== {kind}: {what}: {len(found)}")
        for case, mine, theirs in sorted(found, key=lambda f: len(f[0][4]))[:options.show]:
            text = unhex(case[4]) if case[2] == "read" and case[4] != "-" else case[4]
            print(f"  case   {case[:4]} {text!r}\n         {case[4][:200]}")
            print(f"  native {shown(mine)!r}\n  java   {shown(theirs)!r}")
    for kind, count in succeeded.items():
        print(f"{kind}: Java accepted {count}")
    print(f"{len(cases)} cases, {total} differences")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
