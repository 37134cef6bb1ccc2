#!/usr/bin/env python3
"""Compares signatures of requests between workers with those of Kafka's InternalRequestSignature.

signatures.py --native PROGRAM --jars FOLDER --source SignatureOracle.java [--seed N] [--cases N]
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time

CLASS = "SignatureOracle"


def damaged(lines, rng):
    """Some lines as they are, others with another header, key or body."""
    headers = ["", "YQ==", "YQ", "a*b=", "YQ=", "abcd=", "a", "a===", "a=", "abcde", "ab=c",
               "abc=x", "YQ==x", "=", "==", "====", " YQ==", "YR==", "abc-", "abc_"]
    for line in lines:
        algorithm, key, body, header = line.split(" ", 3)
        change = rng.randrange(6)
        if change == 0:
            header = rng.choice(headers)
        elif change == 1:
            body += "00"
        elif change == 2:
            key = "x" + ("01" if key[1:3] != "01" else "02") + key[3:]
        elif change == 3:
            at = rng.randrange(len(header) - 4)
            header = header[:at] + ("A" if header[at] != "A" else "B") + header[at + 1:]
        yield f"{algorithm} {key} {body} {header}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--jars", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--cases", type=int, default=1200)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.cases} cases", flush=True)
    path = f"{options.jars}/*"
    with tempfile.TemporaryDirectory() as classes:
        subprocess.run(["javac", "-cp", path, "-d", classes, options.source], check=True)
        java = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{classes}:{path}", CLASS]
        signed = subprocess.run(java + ["sign", str(options.seed), str(options.cases)], check=True,
                                capture_output=True, text=True).stdout.splitlines()
        cases = signed + list(damaged(signed, random.Random(options.seed)))
        text = "\n".join(cases) + "\n"
        verdicts = subprocess.run(java + ["verify"], check=True, input=text, capture_output=True,
                                  text=True).stdout.splitlines()
    native = subprocess.run([options.native], check=True, input=text, capture_output=True,
                            text=True).stdout.splitlines()
    if not len(signed) == options.cases or not len(verdicts) == len(native) == len(cases):
        sys.exit(f"{len(cases)} cases, {len(verdicts)} answers of Java, {len(native)} of ours")
    differences = 0
    for number, (case, verdict, ours) in enumerate(zip(cases, verdicts, native)):
        header, said = ours.split("\t")
        expected = case.rsplit(" ", 1)[1] if number < len(signed) else header
        if header != expected or said != verdict:
            differences += 1
            print(f"{case}\n  Java {expected} {verdict}\n  ours {header} {said}")
    kinds = {what: verdicts.count(what) for what in set(verdicts)}
    print(f"{len(cases)} cases, {differences} differences; {kinds}")
    if not kinds.get("true") or not kinds.get("false") or len(kinds) < 4:
        sys.exit("some kind of answer never occurred")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
