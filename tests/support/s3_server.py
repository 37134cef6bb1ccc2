"""Runs a command beside a server of S3 of its own, moto's, on a free port of this machine.

    PYTHON tests/support/s3_server.py COMMAND [ARGUMENT...]

The command finds the server's address in MILLRACE_TEST_S3. Any credentials are good.
"""

import os
import subprocess
import sys

from moto.server import ThreadedMotoServer


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = os.environ | {"MILLRACE_TEST_S3": f"http://{host}:{port}"}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
