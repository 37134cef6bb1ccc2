"""A Java program that answers a JSON object a line by one."""

import json
import subprocess
import tempfile
from pathlib import Path

ORACLE = Path(__file__).resolve().parents[1] / "oracle"


class JsonProgram:
    """`source`: a file in tests/oracle, run as it is."""

    def __init__(self, source, class_path, *arguments):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", class_path,
             str(ORACLE / source), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def call(self, op, **more):
        """Returns when it is done."""
        self.process.stdin.write(json.dumps({"op": op, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise RuntimeError("Java ended:\n" + self.log.read().decode()[-4000:])
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{op}: {answer['error']}")
        return answer

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.log.close()
