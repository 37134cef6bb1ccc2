"""Processes under test: start, wait, stop, CPU and memory."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path


def wait_until(condition, timeout=30.0, what="the condition", interval=0.05):
    """Returns the first true value of condition(); raises TimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what} did not come about within {timeout} s")
        time.sleep(interval)


def cache_dir():
    base = os.environ.get("MILLRACE_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "millrace"


class Process:
    """A child with its output in a file."""

    def __init__(self, command, log, cwd=None, env=None):
        self.log = Path(log)
        self.started = time.monotonic()
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                cwd=cwd, env=env)

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def kill(self):
        if self.alive():
            self.child.kill()
        return self.child.wait()

    def stop(self, timeout=30.0):
        """SIGTERM, then the exit code; SIGKILL when it does not end in time."""
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def wait(self, timeout=30.0):
        return self.child.wait(timeout)

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def cpu_seconds(self):
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self, field="VmRSS"):
        """VmRSS now, or VmHWM for the peak."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(field)


class BusyTime:
    """Seconds in which a process did something: tenths in which it used a part of a processor. So the
    wait for the next commit does not count."""

    SAMPLE_S = 0.1
    PART = 0.3  # of one processor

    def __init__(self, process):
        self.process = process
        self.seconds = 0.0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        cpu, at = self.process.cpu_seconds(), time.monotonic()
        while not self.done.wait(self.SAMPLE_S):
            cpu_now, now = self.process.cpu_seconds(), time.monotonic()
            if cpu_now - cpu > self.PART * (now - at):
                self.seconds += now - at
            cpu, at = cpu_now, now

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
