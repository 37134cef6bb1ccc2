"""Runs a command beside a PostgreSQL server of its own, which listens on a socket in a temporary folder.

    python3 tests/support/postgres_server.py INITDB COMMAND [ARGUMENT...]

The command finds the server's URI in MILLRACE_TEST_POSTGRES.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

USER = "millrace"
START_S = 30


def as_who():
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def run(folder, initdb, command):
    programs = Path(initdb).resolve().parent
    data = folder / "data"

    def server(program, *arguments):
        done = subprocess.run([programs / program, "-D", data, *arguments], cwd=folder,
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=2 * START_S,
                              **as_who())
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{(folder / 'log').read_text()}")

    with open(folder / "log", "w") as log:
        server("initdb", "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")
        server("pg_ctl", "start", "-w", "-t", str(START_S), "-o",
               f"-c listen_addresses= -k {folder} -c fsync=off")
        try:
            uri = f"postgresql:///postgres?host={folder}&user={USER}"
            return subprocess.run(command, env=os.environ | {"MILLRACE_TEST_POSTGRES": uri},
                                  check=False).returncode
        finally:
            server("pg_ctl", "stop", "-m", "immediate")


def main():
    folder = Path(tempfile.mkdtemp(prefix="millrace-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        sys.exit(run(folder, sys.argv[1], sys.argv[2:]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
