#!/usr/bin/env python3
"""Hides the C symbols that shared libraries export, in place; C++ names stay.

A library that carries another library's code and exports it takes that library's place in the whole
program. Marked hidden, a symbol is bound by its own library only. Needs no compiler or binutils; doing
it twice is harmless.
"""

import struct
import sys
from pathlib import Path

ELF_64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
SHT_DYNSYM = 11
STV_MASK, STV_HIDDEN = 3, 2
VISIBILITY_OFFSET = 5  # of st_other in a symbol


def sections(image):
    """(type, offset, size, linked section) of each section."""
    table, = struct.unpack_from("<Q", image, 0x28)
    width, count = struct.unpack_from("<HH", image, 0x3A)
    for i in range(count):
        _, kind, _, _, offset, size, link, *_ = SECTION.unpack_from(image, table + i * width)
        yield kind, offset, size, link


def hide(path):
    """The number of symbols that are hidden now."""
    image = bytearray(path.read_bytes())
    if not image.startswith(ELF_64_LITTLE_ENDIAN):
        raise SystemExit(f"hiding symbols of {path}: not a 64-bit little-endian ELF file")
    table = list(sections(image))
    hidden = 0
    for kind, offset, size, link in table:
        if kind != SHT_DYNSYM:
            continue
        names = table[link][1]
        for symbol in range(offset, offset + size, SYMBOL.size):
            name, _, other, section, _, _ = SYMBOL.unpack_from(image, symbol)
            if name and section and not image.startswith(b"_Z", names + name):
                image[symbol + VISIBILITY_OFFSET] = (other & ~STV_MASK) | STV_HIDDEN
                hidden += 1
    path.write_bytes(image)
    return hidden


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if hide(Path(argument)) == 0:
            raise SystemExit(f"hiding symbols of {argument}: it has none to hide")
