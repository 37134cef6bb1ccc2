#!/usr/bin/env python3
"""Runs the native and the Java transformations on the same random records and compares the results.

transforms_compare.py --native PROGRAM --jars FOLDER [--seed N] [--cases N] [--only Cast,...]
"""

import argparse
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from compare import answers_of_both, canonical, unhex  # noqa: E402
from transform_cases import KINDS, TransformCases, group  # noqa: E402

# Java exceptions that no native kind stands for: that the record fails has to do.
FOREIGN = ("java.lang.ClassCastException", "java.lang.NumberFormatException", "java.lang.ArithmeticException")


def shown(answer):
    return re.sub(r"\bx(?:[0-9a-f]{2})+\b", lambda m: "'" + unhex(m.group(0)) + "'", answer)


def readable(answer):
    """The texts of an answer without what differs on purpose (README.md)."""
    text = canonical(shown(answer)).replace("java.util.LinkedHashMap", "java.util.HashMap")
    text = re.sub(r"(No value specified for static field: ).*", r"\1", text)  # an object's address
    text = re.sub(r"Schema\.Type\.\S+", lambda m: m.group(0).upper(), text)  # beyond ASCII
    return re.sub(r"(: Invalid regex: ).*", r"\1", text, flags=re.S)  # each engine in its words


def java_release():
    """17 of `openjdk version "17.0.15"`."""
    shown_text = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    return int(re.search(r'version "(\d+)', shown_text).group(1))


def results(ours, java, exact_order):
    if len(ours) != len(java):
        return "results differ"
    for at, (mine, theirs) in enumerate(zip(ours, java)):
        if mine == theirs or not exact_order and sorted(mine) == sorted(theirs):
            continue
        if at in (2, 4) and theirs == "no 'Mismatching schema.'":
            continue  # nor write it as JSON
        if at in (2, 4) and mine.startswith("no '") and theirs[:-1] in mine:
            continue  # the reason follows
        return "results differ"
    return ""


def verdict(ours, java, exact_order):
    """Empty when the answers agree, else what differs."""
    if ours == java:
        return ""
    a, b = ours.split(" "), java.split(" ")
    if b[0] == "ERR" and unhex(b[2]) == "Struct schemas do not match.":
        return ""  # Java cannot copy the default of a nested struct
    if a[0] != b[0]:
        return "one fails"
    if a[0] == "OK":
        return results(readable(ours).split(" | "), readable(java).split(" | "), exact_order)
    if ours.endswith(" changed"):
        return "a failed record was changed"
    if b[1] in FOREIGN:
        return ""
    if a[1] != b[1]:
        return "classes differ"
    return "" if readable(a[2]) == readable(b[2]) else "messages differ"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--jars", required=True)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--cases", type=int, default=2000, help="of each transformation, at least")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=3, help="differences of each kind")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.cases} cases of each transformation and predicate")
    cases = []
    number = 0
    for kind in [k for k in KINDS if not options.only or k in options.only.split(",")]:
        # One generator for each, so that the cases of one do not depend on the others.
        g = TransformCases(random.Random(f"{options.seed} {kind}"))
        end = len(cases) + options.cases
        while len(cases) < end:
            number += 1
            cases += [(kind, case) for case in group(g, kind, number)]
    start = time.time()
    ours, java = answers_of_both(options.native, options.jars, "TransformOracle",
                                 ["\t".join(c) for _, c in cases])
    print(f"answered in {time.time() - start:.1f} s")
    exact_order = java_release() < 19  # newer ones copy a HashMap into a smaller table
    bad, outcomes = {}, {}
    for (kind, case), mine, theirs in zip(cases, ours, java):
        counts = outcomes.setdefault(kind, {"OK": 0, "ERR": 0, "REFUSED": 0})
        counts[theirs.split(" ")[0]] += 1
        what = verdict(mine, theirs, exact_order)
        if what:
            bad.setdefault((kind, what), []).append((case, mine, theirs))
    for (kind, what), found in sorted(bad.items()):
        print(f"== {kind}: {what}: {len(found)}")
        for case, mine, theirs in sorted(found, key=lambda f: len(f[0][3]))[:options.show]:
            print(f"  case   {case[0]} {case[1]} {shown(case[2])}\n         {shown(case[3])[:1500]}")
            print(f"  native {shown(mine)[:3000]}\n  java   {shown(theirs)[:3000]}")
    for kind, counts in outcomes.items():
        print(f"{kind}: Java accepted {counts['OK']}, failed {counts['ERR']}, refused {counts['REFUSED']}")
    total = sum(len(found) for found in bad.values())
    print(f"{len(cases)} cases, {total} differences")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
