"""Rows of the lakehouse benchmarks, in a file or at a steady rate: orders as JSON of six fields."""

import random
import subprocess
import threading
import time

from kafka_broker import java

ROW_BYTES = 94
TAILS = 100_000  # rows repeat but for id and time
STATES = ["OPEN", "PAID", "SENT", "DONE", "BACK", "LOST"]
FIRST_ID = 10_000_000  # all ids have eight digits
FIRST_MS = 1_700_000_000_000
CHUNK = 100_000  # rows written at once
TICK_S = 0.01  # between writes to the producer
END_TIMEOUT = 60


def row_tails():
    """Rows behind id and time, of one size: a user, a price, an item of 10,000 and a state of six."""
    dice = random.Random(1)
    return [f'"user":{dice.randrange(100_000, 1_000_000)},"price":{dice.randrange(100, 1000)}.'
            f'{dice.randrange(1, 10)}{dice.randrange(1, 10)},"item":"i-{dice.randrange(10_000):05d}",'
            f'"kind":"{dice.choice(STATES)}"}}\n' for _ in range(TAILS)]


def row(number, ms, tails):
    return f'{{"id":{FIRST_ID + number},"ts":{ms},{tails[number % TAILS]}'


def write_rows(path, rows):
    tails = row_tails()
    assert len(row(0, FIRST_MS, tails)) == ROW_BYTES + 1
    with open(path, "w") as out:
        for begin in range(0, rows, CHUNK):
            out.write("".join(row(number, FIRST_MS + number, tails)
                              for number in range(begin, min(begin + CHUNK, rows))))


class TimedProducer(threading.Thread):
    """Rows at a steady rate through Kafka's console producer; `sent` has when each was given to it."""

    def __init__(self, broker, topic, rows, rate):
        super().__init__()
        self.rows = rows
        self.rate = rate  # a second
        self.sent = []
        self.child = subprocess.Popen(
            java("org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", broker.bootstrap,
                 "--topic", topic, "--timeout", "1"),  # that is its linger.ms
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)

    def run(self):
        tails, begun = row_tails(), time.monotonic()
        while len(self.sent) < self.rows:
            now = time.monotonic()
            due = min(self.rows, int((now - begun) * self.rate) + 1)
            for number in range(len(self.sent), due):
                self.child.stdin.write(row(number, time.time_ns() // 1_000_000, tails))
                self.sent.append(now)
            self.child.stdin.flush()
            time.sleep(TICK_S)
        self.child.stdin.close()
        self.child.wait(END_TIMEOUT)
