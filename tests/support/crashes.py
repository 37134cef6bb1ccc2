"""Workers that kill themselves at a named point (docs/lakehouse.md, "Crash points")."""

import time

LIFE = 4.0  # seconds that a point is waited for; then the kill comes from here
PAUSE = 0.02


def crash_at(test, worker, point, nth, connectors, meanwhile=lambda: None):
    """Runs until the n-th pass of the point has killed the worker, or `meanwhile` says True; True unless
    the kill had to come from here."""
    worker.env["MILLRACE_CRASH_AT"] = f"{point}:{nth}"
    worker.launch(*connectors)
    del worker.env["MILLRACE_CRASH_AT"]
    deadline = time.monotonic() + LIFE
    while worker.process.alive() and time.monotonic() < deadline:
        try:
            if meanwhile() is True:
                break
        except OSError:
            pass  # not up yet, or gone
        time.sleep(PAUSE)
    died = not worker.process.alive()
    test.assertEqual(worker.process.kill(), -9, worker.process.output()[-3000:])
    return died
