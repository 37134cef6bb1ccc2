"""What the tests of whole workers share."""

import os
import time
import unittest
import uuid

from process import wait_until


def bootstrap():
    """The broker tests/run.sh started for all tests."""
    value = os.environ.get("MILLRACE_TEST_BOOTSTRAP")
    if not value:
        raise RuntimeError("MILLRACE_TEST_BOOTSTRAP is not set; run the tests by tests/run.sh")
    return value


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


class FlowTest(unittest.TestCase):
    maxDiff = None

    def wait(self, condition, timeout=30.0, what="the condition"):
        try:
            return wait_until(condition, timeout, what)
        except TimeoutError as error:
            self.fail(str(error))

    def wait_for_content(self, path, content, timeout=30.0):
        """Until the file has exactly this content; a longer or different one fails at once."""
        deadline = time.monotonic() + timeout
        while True:
            data = path.read_bytes() if path.exists() else b""
            if data == content:
                return
            if len(data) > len(content) or time.monotonic() >= deadline:
                self.assertEqual(len(data), len(content), f"size of {path.name}")
                self.assertEqual(data, content)
            time.sleep(0.02)
