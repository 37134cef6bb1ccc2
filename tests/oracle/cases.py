"""Random cases for the converters in the notation of README.md, from one seeded generator."""

import json
import struct

INTS = {"INT8": ("i8", 8), "INT16": ("i16", 16), "INT32": ("i32", 32), "INT64": ("i64", 64)}
JSON_TYPES = {"FLOAT32": "float", "FLOAT64": "double"}
PRIMITIVES = list(INTS) + ["FLOAT32", "FLOAT64", "BOOLEAN", "STRING", "BYTES"]
DATA = "org.apache.kafka.connect.data."
LOGICAL = {"Decimal": "BYTES", "Date": "INT32", "Time": "INT32", "Timestamp": "INT64"}
ALPHABET = ["a", "b", "Z", "0", " ", '"', "\\", "/", "\n", "\t", "\x01", "\x7f", "\u00e9", "\u2028",
            "\u20ac", "\ufffd", "\U0001f600", "\U0010ffff", ":", ",", "{", "}", "[", "]", "'"]


def hexed(data):
    if data is None:
        return "-"
    return "x" + (data if isinstance(data, bytes) else data.encode("utf-8", "replace")).hex()


class Schema:
    """A Connect schema; children by type."""

    def __init__(self, kind, optional=False, name=None, version=None, doc=None, parameters=None,
                 children=(), names=(), default=None):
        self.kind, self.optional, self.name, self.version = kind, optional, name, version
        self.doc, self.parameters = doc, parameters or {}
        self.children, self.names, self.default = list(children), list(names), default

    def logical(self):
        short = (self.name or "").removeprefix(DATA)
        return short if short in LOGICAL else None

    def text(self):
        out = [self.kind, "O" if self.optional else "R", hexed(self.name),
               "-" if self.version is None else str(self.version), hexed(self.doc),
               str(len(self.parameters))]
        for key, value in self.parameters.items():
            out += [hexed(key), hexed(value)]
        if self.kind == "STRUCT":
            out.append(str(len(self.children)))
        for i, child in enumerate(self.children):
            if self.kind == "STRUCT":
                out.append(hexed(self.names[i]))
            out.append(child.text())
        out.append(self.default or "-")
        return " ".join(out)

    def json(self):
        out = {"type": JSON_TYPES.get(self.kind, self.kind.lower())}
        if self.kind == "ARRAY":
            out["items"] = self.children[0].json()
        elif self.kind == "MAP":
            out["keys"], out["values"] = (c.json() for c in self.children)
        elif self.kind == "STRUCT":
            out["fields"] = [dict(c.json(), field=n) for c, n in zip(self.children, self.names)]
        out["optional"] = self.optional
        for key in ("name", "version", "doc"):
            if getattr(self, key) is not None:
                out[key] = getattr(self, key)
        if self.parameters:
            out["parameters"] = self.parameters
        return out


class Cases:
    struct_defaults = False  # JsonConverter cannot read its own

    def __init__(self, random):
        self.r = random

    def field_names(self, n):
        return [f"f{i}{self.word(2)}" for i in range(n)]

    def maybe(self, p):
        return self.r.random() < p

    def word(self, most=6):
        return "".join(self.r.choice(ALPHABET) for _ in range(self.r.randint(0, most)))

    def integer(self, bits):
        r = self.r
        edge = 1 << (bits - 1)
        return r.choice([0, 1, -1, edge - 1, -edge, r.randint(-edge, edge - 1),
                         r.randint(-200, 200) % edge])

    def double(self):
        r = self.r
        bits = r.getrandbits(64)
        return r.choice([0.0, -0.0, 1.0, 100.0, 1e7, 9999999.0, 0.001, 0.00099, 1e-5, 1e21, 5e-324,
                         1.7976931348623157e308, r.uniform(-1e3, 1e3), round(r.uniform(-99, 99), 2),
                         float(r.randint(-10**12, 10**12)), float("nan"), float("inf"),
                         float("-inf"), struct.unpack("<d", struct.pack("<Q", bits))[0]])

    def float_bits(self):
        r = self.r
        if self.maybe(0.3):
            bits = r.getrandbits(32)
            signalling = bits & 0x7fc00000 == 0x7f800000 and bits & 0x3fffff  # processors quiet it
            return bits | 0x400000 if signalling else bits
        v = self.double()
        try:
            return struct.unpack("<I", struct.pack("<f", v))[0]
        except OverflowError:
            return 0x7f800000

    def unscaled(self):
        v = self.r.choice([0, 1, -1, 127, -128, 255, 12345, self.r.getrandbits(90),
                           -self.r.getrandbits(70)])
        return v.to_bytes(max(1, (v.bit_length() + 8) // 8 if v >= 0 else
                              ((v + 1).bit_length() + 8) // 8), "big", signed=True)

    # Schemas and values that fit them.
    def schema(self, depth=2, defaults=True, null_free=False):
        r = self.r
        kind = r.choice(PRIMITIVES * 2 + (["ARRAY", "MAP", "STRUCT", "STRUCT"] if depth else []) +
                        list(LOGICAL))
        common = {"optional": self.maybe(0.4)}
        if self.maybe(0.2):
            common["doc"] = self.word()
        if kind in LOGICAL:
            common |= {"name": DATA + kind, "version": 1}
            if kind == "Decimal":
                common["parameters"] = {"scale": str(r.randint(-2, 6))}
            s = Schema(LOGICAL[kind], **common)
        else:
            if self.maybe(0.2):
                common["name"] = "n." + self.word(3)
            if self.maybe(0.1):
                common["version"] = r.randint(0, 9)
            if self.maybe(0.1):
                common["parameters"] = {self.word(3): self.word(3), "p": "q"}
            if kind == "ARRAY":
                s = Schema(kind, children=[self.schema(depth - 1, False)], **common)
            elif kind == "MAP":
                key = self.r.choice([Schema("STRING"), Schema("STRING", optional=True),
                                     self.schema(0, False)])
                s = Schema(kind, children=[key, self.schema(depth - 1, False)], **common)
            elif kind == "STRUCT":
                n = r.randint(0, 4)
                s = Schema(kind, children=[self.schema(depth - 1) for _ in range(n)],
                           names=self.field_names(n), **common)
            else:
                s = Schema(kind, **common)
        if defaults and (self.struct_defaults or s.kind != "STRUCT") and self.maybe(0.25):
            s.default = self.value(s, nulls=False)
        return s

    def value(self, s, nulls=True, wrong=0.0):
        r = self.r
        if nulls and s.optional and self.maybe(0.2):
            return "n"
        if self.maybe(wrong):
            return self.free_value(1)
        logical = s.logical()
        if logical == "Decimal":
            scale = s.parameters.get("scale", "0") if self.maybe(0.9) else "3"
            return f"D {scale} {hexed(self.unscaled())}"
        if logical == "Date":
            return f"t {r.randint(-30000, 60000) * 86400000 + (0 if self.maybe(0.95) else 5)}"
        if logical == "Time":
            return f"t {r.choice([0, 86400000, r.randint(0, 86400000), -1 if self.maybe(0.1) else 7])}"
        if logical == "Timestamp":
            return f"t {r.choice([0, r.randint(-10**13, 10**13)])}"
        if s.kind in INTS:
            return f"{INTS[s.kind][0]} {self.integer(INTS[s.kind][1])}"
        if s.kind == "FLOAT32":
            return f"f32 {self.float_bits():x}"
        if s.kind == "FLOAT64":
            return f"f64 {struct.unpack('<Q', struct.pack('<d', self.double()))[0]:x}"
        if s.kind == "BOOLEAN":
            return f"B {r.randint(0, 1)}"
        if s.kind == "STRING":
            return "s " + hexed(self.word(12))
        if s.kind == "BYTES":
            return "y " + hexed(r.randbytes(r.randint(0, 9)))
        if s.kind == "ARRAY":
            n = r.randint(0, 3)
            return " ".join([f"a {n}"] + [self.value(s.children[0], nulls, wrong) for _ in range(n)])
        if s.kind == "MAP":
            keys = list(dict.fromkeys(self.value(s.children[0], nulls) for _ in range(r.randint(0, 3))))
            return " ".join([f"m {len(keys)}"] +
                            [k + " " + self.value(s.children[1], nulls, wrong) for k in keys])
        return " ".join(["st"] + [self.value(c, nulls) if not (c.default and self.maybe(0.3)) else
                                  ("n" if nulls else self.value(c, nulls)) for c in s.children])

    def variant(self, s):
        """A schema as another version of its writer might have it."""
        r = self.r
        other = Schema(s.kind, s.optional, s.name, s.version, s.doc, dict(s.parameters), s.children,
                       s.names)
        numbers = list(INTS) + ["FLOAT32", "FLOAT64"]
        if s.kind in numbers and self.maybe(0.4):
            other.kind = r.choice(numbers[numbers.index(s.kind):] * 4 + numbers)
        if self.maybe(0.15):
            other.optional = not s.optional
        if self.maybe(0.1):
            other.version, other.doc = r.randint(0, 9), self.word()
        if self.maybe(0.02):
            other.name = r.choice([None, "other"])
        if self.maybe(0.02):
            other.parameters = r.choice([{}, {"p": "q", "a": ""}])
        elif self.maybe(0.3):
            other.parameters = dict(reversed(s.parameters.items()))
        other.children = [self.variant(c) for c in s.children]
        if s.kind == "STRUCT":
            fields = [f for f in zip(other.names, other.children) if self.maybe(0.9)]
            r.shuffle(fields)
            for i in range(r.choice([0, 0, 0, 1, 2])):
                fields.append((f"new{i}", self.schema(1)))
            other.names, other.children = [f[0] for f in fields], [f[1] for f in fields]
        elif s.kind not in ("ARRAY", "MAP") and not (s.logical() and s.kind != other.kind) and \
                (self.maybe(0.25) or (s.optional and not other.optional and self.maybe(0.7))):
            other.default = self.value(other, nulls=False)
        return other

    def free_value(self, depth=2):
        """A value without schema."""
        r = self.r
        if depth and self.maybe(0.3):
            n = r.randint(0, 3)
            if self.maybe(0.5):
                return " ".join([f"a {n}"] + [self.free_value(depth - 1) for _ in range(n)])
            # One key kind: hash order of more than one entry differs, so at most one entry.
            if self.maybe(0.2):
                key = self.value(Schema(r.choice(["INT64", "BOOLEAN", "FLOAT64", "STRING"])))
                return "m 1 " + key + " " + self.free_value(depth - 1)
            return " ".join([f"m {n}"] + [f"s {hexed('k%d' % i)} {self.free_value(depth - 1)}"
                                          for i in range(n)])
        if self.maybe(0.1):
            return "n"
        if self.maybe(0.04):
            return r.choice(["t 86400000", "D 2 x0102", "t 1500000000123", "t -5", "t 1000"])
        if depth and self.maybe(0.03):
            s = Schema("STRUCT", children=[self.schema(0), self.schema(0)], names=["p", "q"])
            return "so " + s.text() + self.value(s)[2:]
        return self.value(Schema(r.choice(PRIMITIVES)))

    # JSON documents.
    def number(self):
        r = self.r
        return r.choice(["0", "-0", "1", "-1", "007", str(r.randint(-300, 300)), "1.5", "-0.0", "1e3",
                         "1E-2", "12.50", "3000000000", "9223372036854775807", "9223372036854775808",
                         "-9223372036854775809", "123456789012345678901234567890", "1e30", "1e-400",
                         "1e400", "0.1", "16777217", "16777217.0", "9007199254740993",
                         "9007199254740993.0", "-2147483649", "1e10", "4294967297.9", "1.0000000596046448",
                         str(r.uniform(-1e6, 1e6)), str(r.getrandbits(63)), "-1.9", "1.9"])

    def json_string(self):
        r = self.r
        out = json.dumps(self.word(10), ensure_ascii=self.maybe(0.3))
        if self.maybe(0.05):
            out = '"' + r.choice(["\\u0041", "\\ud83d", "\\ud83d\\ude00", "\\ude00\\ud83d", "\\/",
                                  "\\u00E9x", "\\ud83dx\\ude00", "\\b\\f\\n\\r\\t\\\\\\\""]) + '"'
        return out

    def blank(self):
        return self.r.choice([""] * 8 + [" ", "\n", "\t ", "\r\n"])

    def document(self, depth=3):
        r = self.r
        if depth and self.maybe(0.5):
            n = r.randint(0, 4)
            if self.maybe(0.5):
                items = [self.blank() + self.document(depth - 1) + self.blank() for _ in range(n)]
                return "[" + ",".join(items) + "]"
            items = [self.blank() + r.choice([self.json_string(), f'"k{i % 3}"']) + self.blank() + ":" +
                     self.blank() + self.document(depth - 1) for i in range(n)]
            return "{" + ",".join(items) + self.blank() + "}"
        return r.choice([self.number, self.number, self.json_string, lambda: "true", lambda: "false",
                         lambda: "null"])()

    def payload(self, s):
        """JSON for a schema, sometimes of the wrong kind."""
        r = self.r
        if self.maybe(0.06):
            return self.document(1)
        if (s.optional or s.default) and self.maybe(0.2):
            return "null"
        logical = s.logical()
        if logical == "Decimal":
            return r.choice([self.number(), '"AQI="', '"/w=="', '""', '"A"', '"AQI"'])
        if logical == "Date" or logical == "Time":
            return r.choice([self.number(), str(r.randint(0, 86400000))])
        if s.kind in INTS or s.kind.startswith("FLOAT"):
            return self.number()
        if s.kind == "BOOLEAN":
            return r.choice(["true", "false"])
        if s.kind == "STRING":
            return self.json_string()
        if s.kind == "BYTES":
            return r.choice(['"AQI="', '""', '"AQIDBA=="', '"AQI"', '"A_I="', '" AQID "', '"AQID BAUG"',
                             '"AQ=="', '"AR=="', '"A==="', '"AQID\\nBAUG"', '"AQIDB"', '"AQ=I"'])
        if s.kind == "ARRAY":
            return "[" + ",".join(self.payload(s.children[0]) for _ in range(r.randint(0, 3))) + "]"
        if s.kind == "MAP":
            n = r.randint(0, 3)
            if s.children[0].kind == "STRING" and self.maybe(0.95):
                return "{" + ",".join(f'"k{i}":' + self.payload(s.children[1]) for i in range(n)) + "}"
            if s.children[0].kind == "BYTES" and not s.children[0].logical():
                n = min(n, 1)  # arrays have the hash of their address
            return "[" + ",".join("[" + self.payload(s.children[0]) + "," + self.payload(s.children[1]) + "]"
                                  for _ in range(n)) + "]"
        members = [json.dumps(n) + ":" + self.payload(c) for c, n in zip(s.children, s.names)
                   if not self.maybe(0.05)]
        if self.maybe(0.1):
            members.append('"extra":' + self.document(1))
        return "{" + ",".join(members) + "}"

    def schema_json(self, s):
        """The schema with, at times, defaults and damage."""
        node = s.json()

        def visit(n):
            if self.maybe(0.1):
                try:
                    n["default"] = json.loads(self.payload(Schema(s.kind, children=s.children, names=s.names)))
                except (ValueError, OverflowError):
                    n["default"] = None
            if n and self.maybe(0.02):
                key = self.r.choice(list(n))
                n[key] = self.r.choice([None, 1, "x", [], {}, True, 1.5])
            if n and self.maybe(0.02):
                del n[self.r.choice(list(n))]
            for key in ("items", "keys", "values"):
                if isinstance(n.get(key), dict):
                    visit(n[key])
            for f in n.get("fields") or [] if isinstance(n.get("fields"), list) else []:
                visit(f)
        if self.maybe(0.4):
            visit(node)
        return json.dumps(node, separators=(",", ":"), ensure_ascii=False)

    def mutated(self, text):
        data = bytearray(text.encode("utf-8", "replace"))
        for _ in range(self.r.choice([0, 0, 1, 1, 2])):
            if not data:
                break
            at = self.r.randrange(len(data))
            action = self.r.randrange(4)
            if action == 0:
                del data[at]
            elif action == 1:
                data.insert(at, self.r.choice(b'{}[],:"\\ 0-.eEtfn\xff\xc3\xa9\x80\x01'))
            elif action == 2:
                data[at] = self.r.randrange(256)
            else:
                del data[at:]
        return bytes(data)

    # Text for SimpleHeaderConverter.
    def header_text(self, depth=2):
        r = self.r
        scalar = [lambda: self.number(), lambda: self.number(), lambda: r.choice(["true", "false", "null", "True"]),
                  lambda: '"' + r.choice(["a", "", "a b", "2019-01-02", "\\\\", '\\"', "1", "x,y"]) + '"',
                  lambda: r.choice(["abc", "a:b", "", " ", "+1", "-", "1.50", "1:2", "1,2", "12:30", "1_000",
                                    "2019-08-23", "2019-13-45", "14:34:54.346Z", "0x10", "1e39", "1e309",
                                    "2019-08-23T14:34:54.346Z", "14\\:34\\:54.346Z", "+.5", "1.", ".5",
                                    "2019-08-23T14\\:34\\:54.346Z", "1e-7", "1e-50", "1.0", "1e3", "127",
                                    "128", "32768", "2147483648", "-9223372036854775808", "1d", "0e99",
                                    "2019-8-2310", "2019-08-2x", "14:34:54.346+", "99:99:99.999Z"])]
        if depth and self.maybe(0.5):
            n = r.randint(0, 3)
            comma = lambda: r.choice([","] * 12 + [" , ", "", ",,"])
            if self.maybe(0.6):
                return "[" + comma().join(self.header_text(depth - 1) for _ in range(n)) + r.choice(["]"] * 9 + ["", "]]", "] x", ",]"])
            return "{" + comma().join(
                r.choice(['"k%d"' % i, self.header_text(0)]) + r.choice([":"] * 9 + ["", " : "]) + self.header_text(depth - 1)
                for i in range(n)) + r.choice(["}"] * 9 + ["", "}}", ",}"])
        return self.blank() + r.choice(scalar)() + self.blank()
