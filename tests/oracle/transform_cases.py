"""Random cases for the transformations and predicates in the notation of README.md."""

import struct

from cases import DATA, LOGICAL, PRIMITIVES, Cases, Schema, hexed

NAMES = ["a", "b", "c", "id", "ts", "a.b", "x y", "\u00e9", "\U0001f600", "name", "v1", "user_id",
         "amount", "k0", "k16", "Aa", "BB", "a-b", "created_at", "`q`"]
TOPICS = ["t", "orders", "orders-1", "a.b", "prod-orders-12", "T_x", "\u00e9t", "a$b", "t${topic}"]
HEADERS = ["h", "H", "trace", "a", "", "\u00e9"]
FORMATS = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyyMMdd", "EEE, d MMM yyyy HH:mm:ss Z",
           "dd/MM/yy", "hh:mm a", "yyyy-DDD", "G yyyy", "MMMM d, yyyy", "''yyyy''", "HH:mm z",
           "yyyy XXX", "SSS", "k:m:s", "K a", "yy", "y", "yyyyy-M-d", "HHmmss", "d.M.yyyy H:m",
           "yyyy-MM-dd HH:mm:ss", "LLL yyyy", "X", "XX", "yyyyMMddHHmmssSSS", "MM/yyyy G",
           "dd MMM yyyy 'at' h:mm a"]
WEEK_FORMATS = ["EEEE", "YYYY-'W'ww-u", "W F", "YY", "Y w", "w", "u EE", "WW YYYYY", "EEE MMM yyyy", "yyyy-MM-W-u",
                "yyyy-MM-F-E", "yyyy ww", "a", "H a", "hh HH", "HH hh a", "dd DDD yyyy", "DDD MM yyyy",
                "YYYY yyyy ww", "yyyy YYYY ww u", "MM W", "E d w yyyy", "F W E yyyy-MM", "YYYY G w u", "yyyy w E d"]
BAD_FORMATS = ["Q", "XXXX", "'abc", "b", "yyyy-'", "j", "yyyy PP"]
REGEXES = [".*", "(.*)-(\\d+)", "t(.)?(.)?", "(?<n>.+)s", "[a-z]+", "orders", "(.*)", "(?i)T.*",
           "[^-]*-?(.*)", "(a|t|orders)(.*)", "\\w+", "a\\.b", ".+$", "(", "[", "*a", "(?<n>a)(?<n>b)"]
REPLACEMENTS = ["x", "$1", "$2-$1", "pre-$0", "${n}", "\\$1", "a\\\\b", "$9", "${zz}", "$", "\\", "",
                "$10", "${n", "y$", "$x"]
TYPES = ["int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string"]


class TransformCases(Cases):
    struct_defaults = True

    def field_names(self, n):
        return self.r.sample(NAMES, n)

    def some_name(self, known):
        return self.r.choice(known) if known and self.maybe(0.8) else self.r.choice(NAMES)

    def names(self, known, most=3):
        return [self.some_name(known) for _ in range(self.r.randint(1, most))]

    # Records.
    def struct_schema(self, depth=2, members=None):
        children = members or [self.schema(depth - 1) for _ in range(self.r.randint(0, 5))]
        s = Schema("STRUCT", optional=self.maybe(0.3), children=children,
                   names=self.field_names(len(children)))
        self.decorate(s)
        if self.maybe(0.15):
            s.default = self.value(s, nulls=False)
        return s

    def decorate(self, s):
        if self.maybe(0.3):
            s.name = "n." + self.word(3)
        if self.maybe(0.2):
            s.version = self.r.randint(0, 9)
        if self.maybe(0.2):
            s.doc = self.word()
        if self.maybe(0.2):
            s.parameters = {self.word(3): self.word(3), "p": "q"}

    def free_map(self, depth=2, keys=None, leaf=None):
        """A map without schema, of either of Java's two common kinds."""
        n = self.r.choice([0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 12, 13, 14])
        if keys is None:
            pool = NAMES if n <= len(NAMES) and self.maybe(0.7) else [f"k{i}" for i in range(40)]
            keys = self.r.sample(pool, n)
        parts = [self.r.choice(["m", "hm"]), str(len(keys))]
        for key in keys:
            parts += [hexed(key), ""]
            parts[-2] = "s " + hexed(key)
            if depth and self.maybe(0.15):
                parts[-1] = self.free_map(depth - 1)
            else:
                parts[-1] = leaf() if leaf else self.free_value(1)
        return " ".join(parts)

    def data(self, shape):
        """(schema text, value text, field names) for a key or value."""
        r = self.r
        if isinstance(shape, Schema):
            if shape.optional and self.maybe(0.06) or self.maybe(0.02):
                return shape.text(), "n", shape.names
            if self.maybe(0.02):
                return shape.text(), r.choice([self.free_map(1), "s x61", "i64 5"]), shape.names
            return shape.text(), self.value(shape), shape.names
        if shape == "map":
            return "-", self.free_map(), NAMES
        return "-", r.choice(["n", self.free_value(2), self.free_value(0)]), NAMES

    def shape(self):
        return self.r.choice([lambda: "map", lambda: "map", self.struct_schema, self.struct_schema,
                              self.struct_schema, lambda: self.schema(1), lambda: "any"])()

    def record(self, key, value):
        r = self.r
        sink = self.maybe(0.5)
        partition = str(r.choice([0, 1, 7, 2147483647]))
        if not sink and self.maybe(0.5):
            partition = "-"
        stamp = str(self.instant(0)) if self.maybe(0.9) else "-"
        parts = ["sink" if sink else "source", hexed(r.choice(TOPICS)), partition, stamp,
                 str(r.choice([0, 5, 2**40])), *self.data(key)[:2], *self.data(value)[:2]]
        count = r.choice([0, 0, 1, 2, 3])
        parts.append(str(count))
        for _ in range(count):
            if self.maybe(0.3):
                data = "- " + self.free_value(1)
            else:
                s = self.schema(1)
                data = s.text() + " " + self.value(s)
            parts += [hexed(r.choice(HEADERS)), data]
        return " ".join(parts)

    def instant(self, least=None):
        r = self.r
        ms = r.choice([0, 1, 999, 86400000, 1700000000123, 951782400000, -1, -86400000, -12219292800001,
                       -12219292800000, -62135596800000, -62167219200001, 253402300800000, 10**15,
                       r.randint(-10**13, 10**13), r.randint(0, 4 * 10**12), r.randint(0, 4 * 10**12),
                       r.randint(-10**14, 10**15)])
        return ms if least is None or ms >= least else -ms

    # Configurations: {key: text}. `known` are names of fields the records have.
    def maybe_rnwd(self, config):
        if self.maybe(0.3):
            config["replace.null.with.default"] = self.r.choice(["false", "false", "true", "FALSE", " true "])
        if self.maybe(0.01):
            config["replace.null.with.default"] = self.r.choice(["x", "", "1"])
        return config

    def spoilt(self, config):
        """Now and then a key is missing, empty, blank around, or unknown."""
        r = self.r
        if config and self.maybe(0.03):
            del config[r.choice(list(config))]
        if config and self.maybe(0.02):
            config[r.choice(list(config))] = r.choice(["", " ", ","])
        if config and self.maybe(0.03):
            key = r.choice(list(config))
            config[key] = " " + config[key] + r.choice([" ", "\t", ","])
        if self.maybe(0.03):
            config["unknown.key"] = "x"
        return config

    def listed(self, names):
        return self.r.choice([",", ",", ", ", " , "]).join(names)

    def cast(self, known):
        r = self.r
        if self.maybe(0.25):
            spec = r.choice(TYPES + ["INT32", "String", "bytes", "array", "int", "", "int8,string"])
        else:
            kinds = TYPES * 6 + ["Int64", "bytes", "struct", "double", ""]
            spec = self.listed(f"{n}:{r.choice(kinds)}" for n in self.names(known))
            if self.maybe(0.03):
                spec += r.choice([",a:b:c", ":", ",:int8", ",int8", ",a:", ",,"])
        return self.maybe_rnwd({"spec": spec})

    def extract_field(self, known):
        config = {"field": self.some_name(known)}
        if self.maybe(0.5):
            config["field.syntax.version"] = self.r.choice(["V1", "V2", "V2", "V2", "v2", "V3"])
            steps = [self.some_name(known) for _ in range(self.r.randint(1, 3))]
            config["field"] = ".".join(f"`{s}`" if "." in s or self.maybe(0.1) else s for s in steps)
            if self.maybe(0.1):
                config["field"] = self.r.choice(["`a", "a.", ".", "`a`b", "`a\\`.b`", "a..b", "`a.b`.c",
                                                 "``", "`", "a.`b", "a`.b`", "`a\\``"])
        return self.maybe_rnwd(config)

    def flatten(self, known):
        return {"delimiter": self.r.choice([".", "_", "", "--", " ", "\u00e9"])} if self.maybe(0.6) else {}

    def header_from(self, known):
        fields = self.names(known)
        headers = [self.r.choice(HEADERS[:4]) for _ in fields]
        if self.maybe(0.03):
            headers.append("more")
        return self.maybe_rnwd({"fields": self.listed(fields), "headers": self.listed(headers),
                                "operation": self.r.choice(["move", "copy"] * 8 + ["MOVE", "x"])})

    def hoist_field(self, known):
        return {"field": self.r.choice(NAMES)}

    def insert_field(self, known):
        config = {}
        for key in ("topic", "partition", "offset", "timestamp", "static"):
            if self.maybe(0.2 if key == "offset" else 0.4):
                fresh = self.r.choice(["new1", "new2", "new3", "new4", "new5"])
                name = self.some_name(known) if self.maybe(0.2) else fresh
                config[key + ".field"] = name + self.r.choice(["", "", "?", "!"])
        if "static.field" in config and self.maybe(0.95) or self.maybe(0.1):
            config["static.value"] = self.r.choice(["v", "", "a b", "\u00e9", "7"])
        return self.maybe_rnwd(config)

    def insert_header(self, known):
        literal = self.header_text() if self.maybe(0.8) else self.word(10)
        return {"header": self.r.choice(HEADERS), "value.literal": literal}

    def mask_field(self, known):
        config = {"fields": self.listed(self.names(known))}
        if self.maybe(0.5):
            config["replacement"] = self.r.choice(["***", "0", "300", "-1.9", "1e3", "1e400", "x", "", "NaN",
                                                   "9223372036854775808", " 7 ", "1.50", "1E+3", "0x1", "1_0",
                                                   "3.4028235e39", "-0.0", "+5", "1e-50", ".5", "5.", "--5"])
        return self.maybe_rnwd(config)

    def regex_router(self, known):
        return {"regex": self.r.choice(REGEXES), "replacement": self.r.choice(REPLACEMENTS)}

    def replace_field(self, known):
        config = {}
        if self.maybe(0.5):
            config["exclude"] = self.listed(self.names(known))
        if self.maybe(0.3):
            config["include"] = self.listed(self.names(known, 5))
        if self.maybe(0.5):
            pairs = [f"{n}:{self.r.choice(['new1', 'new2', 'new3', *NAMES])}" for n in self.names(known)]
            if self.maybe(0.04):
                pairs.append(self.r.choice(["a", "a:", ":b", "a:b:c", "", ":"]))
            config["renames"] = self.listed(pairs)
        return self.maybe_rnwd(config)

    def set_schema_metadata(self, known):
        config = {}
        if self.maybe(0.7):
            config["schema.name"] = self.r.choice(["s", "a.b.C", "\u00e9", "", DATA + "Date"])
        if self.maybe(0.5):
            config["schema.version"] = self.r.choice(["1", "7", "-3", "0", "x", "2147483648", " 4 ", "1.0"])
        return self.maybe_rnwd(config)

    def timestamp_converter(self, known):
        config = {"target.type": self.r.choice(["string", "string", "unix", "unix", "Date", "Time", "Timestamp"])}
        if self.maybe(0.02):
            config["target.type"] = self.r.choice(["date", "", "UNIX"])
        if self.maybe(0.7):
            config["field"] = self.some_name(known)
        if config["target.type"] == "string" or self.maybe(0.6):
            config["format"] = self.r.choice(FORMATS if self.maybe(0.7) else WEEK_FORMATS)
            if self.maybe(0.03):
                config["format"] = self.r.choice(BAD_FORMATS)
        if self.maybe(0.4):
            config["unix.precision"] = self.r.choice(["nanoseconds", "microseconds", "milliseconds", "seconds"] * 9
                                                     + ["Seconds"])
        return self.maybe_rnwd(config)

    def timestamp_router(self, known):
        config = {}
        if self.maybe(0.7):
            config["topic.format"] = self.r.choice(["${topic}-${timestamp}", "x", "", "${timestamp}", "$topic",
                                                    "${topic}${topic}", "${topic}_${timestamp}_${timestamp}"])
        if self.maybe(0.8):
            config["timestamp.format"] = self.r.choice(FORMATS + WEEK_FORMATS + ["zzzz"])
            if self.maybe(0.05):
                config["timestamp.format"] = self.r.choice(BAD_FORMATS)
        return config

    def value_to_key(self, known):
        return self.maybe_rnwd({"fields": self.listed(self.names(known, 5))})

    def drop_headers(self, known):
        return {"headers": self.listed(self.r.choice(HEADERS[:4]) for _ in range(self.r.randint(1, 3)))}

    def filter(self, known):
        return {}

    def has_header_key(self, known):
        return {"name": self.r.choice(HEADERS)}

    def record_is_tombstone(self, known):
        return {}

    def topic_name_matches(self, known):
        return {"pattern": self.r.choice(REGEXES + [""])}

    # Dates as text and in every other form, for TimestampConverter.
    def date_text(self, pattern):
        r = self.r
        out, at = "", 0
        words = {"M": ["Jan", "February", "mar", "DEC", "Foo"], "E": ["Mon", "Tuesday", "sat", "Xyz"],
                 "a": ["AM", "PM", "am", "x"], "G": ["AD", "BC", "ad", "CE"],
                 "z": ["UTC", "GMT", "GMT+02:00", "GMT-1:30"], "Z": ["+0000", "-0130", "+1400", "Z", "GMT"],
                 "X": ["Z", "+01", "-0230", "+02:30", "z"]}
        while at < len(pattern):
            letter, end = pattern[at], at
            while end < len(pattern) and pattern[end] == letter:
                end += 1
            if letter == "'":
                out, at = out + pattern[at + 1:pattern.find("'", at + 1)], pattern.find("'", at + 1) + 1
                if at == 0:
                    return out
                continue
            width = end - at
            if letter == "L":
                letter = "M"
            if letter in words and (letter != "M" or width > 2):
                out += r.choice(words[letter])
            elif letter.isalpha():
                most = {"y": 2500, "Y": 2500, "w": 53, "W": 6, "F": 5, "u": 7, "M": 12, "d": 31, "D": 366, "H": 23, "h": 12, "k": 24, "K": 11, "S": 999}
                number = r.randint(0, most.get(letter, 59)) if self.maybe(0.93) else r.choice([-5, 61, 1000, 99999])
                out += str(number).zfill(width) if self.maybe(0.9) else str(number)
            else:
                out += letter * width
            at = end
        if self.maybe(0.1):
            out = r.choice([out + "x", " " + out, out[:-1], "", out.replace("-", " "), out + " "])
        return out

    def time_leaf(self, config):
        """A value without schema that TimestampConverter may take."""
        r = self.r
        pattern = config.get("format", "yyyy-MM-dd")
        return r.choice([lambda: f"i64 {self.instant()}", lambda: "s " + hexed(self.date_text(pattern)),
                         lambda: f"t {self.instant()}", lambda: f"i64 {self.integer(64)}", lambda: "n",
                         lambda: self.free_value(0)])()

    def time_schema(self):
        r = self.r
        kind = r.choice(["STRING", "STRING", "INT64", "INT64", "Date", "Time", "Timestamp", "Timestamp", "INT32"])
        s = Schema(LOGICAL.get(kind, kind), optional=self.maybe(0.4))
        if kind in LOGICAL:
            s.name, s.version = DATA + kind, 1
        elif self.maybe(0.1):
            s.name = "x"
        return s

    def time_value(self, s, config):
        if s.kind == "STRING":
            return "s " + hexed(self.date_text(config.get("format", "yyyy-MM-dd")))
        if s.kind == "INT64" and not s.logical():
            return f"i64 {self.r.choice([self.instant(), self.instant(), self.integer(64)])}"
        return f"t {self.instant()}" if s.logical() else self.value(s)

    def time_data(self, config):
        """(schema text, value text) with a field that the configuration names."""
        r = self.r
        field = config.get("field", "").strip()
        if self.maybe(0.35):
            if not field:
                return "-", self.time_leaf(config)
            keys = r.sample(NAMES, r.randint(1, 6))
            if field not in keys and self.maybe(0.9):
                keys[0] = field
            return "-", self.free_map(0, keys, lambda: self.time_leaf(config))
        s = self.time_schema()
        if self.maybe(0.15):
            s.default = self.time_value(s, config)
        value = "n" if s.optional and self.maybe(0.1) else self.time_value(s, config)
        if not field:
            return s.text(), value
        others = [self.schema(1) for _ in range(r.randint(0, 3))]
        names = [n for n in self.field_names(len(others) + 1) if n != field][:len(others)]
        at = r.randint(0, len(names))
        whole = Schema("STRUCT", optional=self.maybe(0.3), children=others[:at] + [s] + others[at:],
                       names=names[:at] + [field] + names[at:])
        self.decorate(whole)
        parts = [self.value(c) if c is not s else value for c in whole.children]
        if self.maybe(0.1):
            whole.default = " ".join(["st", *[self.value(c) if c is not s else self.time_value(s, config)
                                              for c in whole.children]])
        return whole.text(), "n" if whole.optional and self.maybe(0.05) else " ".join(["st", *parts])


def config_text(config):
    return " ".join([str(len(config)), *[hexed(t) for pair in config.items() for t in pair]])


SIDED = {"Cast": "cast", "ExtractField": "extract_field", "Flatten": "flatten", "HeaderFrom": "header_from",
         "HoistField": "hoist_field", "InsertField": "insert_field", "MaskField": "mask_field",
         "ReplaceField": "replace_field", "SetSchemaMetadata": "set_schema_metadata",
         "TimestampConverter": "timestamp_converter"}
WHOLE = {"DropHeaders": "drop_headers", "Filter": "filter", "InsertHeader": "insert_header",
         "RegexRouter": "regex_router", "TimestampRouter": "timestamp_router", "ValueToKey": "value_to_key",
         "predicates.HasHeaderKey": "has_header_key", "predicates.RecordIsTombstone": "record_is_tombstone",
         "predicates.TopicNameMatches": "topic_name_matches"}
KINDS = list(SIDED) + list(WHOLE)


def group(g, kind, number):
    """Cases of one configuration: 1 to 4 records of one or two shapes, through one object."""
    side = g.r.choice(["Key", "Value", "Value"]) if kind in SIDED else None
    shapes = [g.shape() for _ in range(g.r.choice([1, 1, 2]))]
    known = [n for s in shapes for n in (s.names if isinstance(s, Schema) else [])]
    config = g.spoilt(getattr(g, SIDED.get(kind) or WHOLE[kind])(known))
    head = [str(number), kind + ("$" + side if side else ""), config_text(config)]
    lines = []
    for _ in range(g.r.randint(1, 4)):
        shape = g.r.choice(shapes)
        other = "any" if g.maybe(0.7) else g.shape()
        if kind == "TimestampConverter" and g.maybe(0.9):
            text = " ".join(g.time_data(config))
            rest = " ".join(g.data(other)[:2])
            pair = (text, rest) if side == "Key" else (rest, text)
            record = g.record("any", "any").split(" ")
            # topic and stamps as they came, then this key and value, no headers
            lines.append([*head, " ".join([*record[:5], *pair, "0"])])
        else:
            pair = (shape, other) if side == "Key" else (other, shape)
            lines.append([*head, g.record(*pair)])
    return lines
