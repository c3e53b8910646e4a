"""kill -9 under load, again and again: every acknowledged record is there once and in order."""

import pathlib
import random
import subprocess
import tempfile
import threading
import time

import clients
import tools_part

PARTITIONS = 3


def run(suite):
    if not suite.controls_broker("crash"):
        return
    if clients.CONFLUENT.missing and (clients.JAVA_CLIENT.missing or clients.KCAT.missing):
        suite.skip("crash", "it takes confluent-kafka, or Java to write and kcat to read")
        return
    suite.check(f"crash: {suite.kills} times kill -9 under load", lambda: crash(suite, "kill", suite.kills, suite.broker.kill))
    suite.check(f"crash: {suite.stops} clean stops under load", lambda: crash(suite, "stop", suite.stops, suite.broker.stop))
    suite.check(f"crash: {suite.stops} times kill -9 under load, and a kill or a stop while it starts again",
                lambda: crash(suite, "again", suite.stops, lambda: kill_again(suite)))
    if clients.JAVA_CLIENT.missing is None:
        suite.check("crash: kafka-dump-log accepts every file afterwards", lambda: tools_part.dump_stopped(suite))
        suite.check("crash: kafka-dump-log reads the metadata log of a killed broker", lambda: metadata_of_killed(suite))


def kill_again(suite):
    """A start that does not get far: what it had not recovered yet must not be taken for recovered."""
    suite.broker.kill()
    for _ in range(2):
        suite.broker.launch()
        time.sleep(random.uniform(0.05, 0.8))
        random.choice([suite.broker.kill, suite.broker.stop])()


class ConfluentLoad(threading.Thread):
    """An idempotent librdkafka producer that writes down what was acknowledged."""

    def __init__(self, bootstrap, topic):
        super().__init__(daemon=True)
        from confluent_kafka import Producer

        self.topic = topic
        self.ending = threading.Event()
        self.acks = [[] for _ in range(PARTITIONS)]
        self.sent = 0
        self.errors = []
        self.producer = Producer({
            "bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 180000,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "queue.buffering.max.messages": 20000,
            "error_cb": self.failed, "log_level": 1,
        })

    def failed(self, error):
        if error.fatal():
            self.errors.append(str(error))

    def run(self):
        def delivered(error, message):
            if error:
                self.errors.append(str(error))
            else:
                self.acks[message.partition()].append((int(message.value().split(b":")[0]), message.offset()))

        while not self.ending.is_set() and not self.errors:
            for partition in range(PARTITIONS):
                while True:
                    try:
                        self.producer.produce(
                            self.topic, b"%d:%s" % (self.sent, b"x" * 100), partition=partition, on_delivery=delivered)
                        break
                    except BufferError:
                        self.producer.poll(0.05)
            self.sent += 1
            self.producer.poll(0)
            if self.sent % 20 == 0:
                time.sleep(0.002)
        if self.producer.flush(120):
            self.errors.append("not all was delivered")

    def end(self):
        self.ending.set()
        self.join(150)
        assert not self.is_alive(), "the producer did not end"
        # Gone before the next part restarts the broker.
        self.producer = None
        assert not self.errors, f"confluent-kafka: {self.errors[:2]}"
        return self.acks


class JavaLoad:
    """The same by the Java client, in a process of its own."""

    def __init__(self, bootstrap, topic):
        self.topic = topic
        self.file = pathlib.Path(tempfile.mkdtemp(prefix="odradek-acks-")) / "acks"
        self.argv = [*clients.java_argv("InteropClient"), "crash", bootstrap, topic, str(PARTITIONS), str(self.file)]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def end(self):
        try:
            answer, _ = self.process.communicate(b"end\n", timeout=150)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the Java producer did not end") from None
        assert b'"error"' not in answer, f"Java: {answer.decode()}"
        acks = [[] for _ in range(PARTITIONS)]
        for line in self.file.read_text().splitlines():
            partition, sequence, offset = map(int, line.split())
            acks[partition].append((sequence, offset))
        return acks


def crash(suite, name, times, end):
    loads = []
    if clients.CONFLUENT.missing is None:
        loads.append(ConfluentLoad(suite.bootstrap, suite.topic(f"{name}-confluent")))
    if clients.JAVA_CLIENT.missing is None:
        loads.append(JavaLoad(suite.bootstrap, suite.topic(f"{name}-java")))
    clients.create_topics(suite.bootstrap, [
        {"topic": load.topic, "partitions": PARTITIONS, "config": {"segment.bytes": "1048576"}} for load in loads])
    for load in loads:
        load.start()
    slowest = 0.0
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    for _ in range(times):
        time.sleep(chance.uniform(1.5, 3))
        end()
        suite.broker.start()
        slowest = max(slowest, suite.broker.ready_seconds)
    time.sleep(2)
    all_acks = [(load, load.end()) for load in loads]
    total = 0
    for load, acks in all_acks:
        verify(suite, load.topic, acks)
        total += sum(map(len, acks))
    return f"{total:,} records acknowledged, ready again within {slowest:.2f} s, seed {seed}"


def metadata_of_killed(suite):
    """The files as the kill left them, before anybody has recovered them."""
    cells = [{"topic": suite.topic(f"killed-{index}"), "partitions": 2} for index in range(20)]
    clients.create_topics(suite.bootstrap, cells)
    clients.delete_topics(suite.bootstrap, [cell["topic"] for cell in cells[:10]])
    suite.broker.kill()
    try:
        return tools_part.dump_metadata(suite)
    finally:
        suite.broker.start()


def verify(suite, topic, acks):
    """The log holds the sequence 0..n-1 in order, and each acknowledged record at the offset of its acknowledgement."""
    for partition, acknowledged in enumerate(acks):
        assert acknowledged, f"{topic}-{partition}: nothing was acknowledged"
        log = read(suite, topic, partition)
        sequences = [sequence for _, sequence in log]
        for index, sequence in enumerate(sequences):
            assert sequence == index, (
                f"{topic}-{partition}: record {index} of the log has sequence {sequence}"
                f" ({len(set(sequences))} different ones of {len(sequences)}, {len(acknowledged)} acknowledged)")
        at = dict((sequence, offset) for offset, sequence in log)
        missing = [sequence for sequence, _ in acknowledged if sequence not in at]
        assert not missing, f"{topic}-{partition}: {len(missing)} acknowledged records are lost, first {missing[0]}"
        # A duplicate whose batch is no longer remembered is acknowledged without an offset.
        moved = [(s, o, at[s]) for s, o in acknowledged if o not in (-1, at[s])]
        assert not moved, f"{topic}-{partition}: {len(moved)} records are not where the ack said, first {moved[0]}"


def read(suite, topic, partition):
    """(offset, sequence) of every record of the partition."""
    argv = ["kcat", "-C", "-b", suite.bootstrap, "-t", topic, "-p", str(partition), "-o", "beginning", "-e", "-q", "-f", "%o %s\n"]
    if clients.KCAT.missing is None:
        text = subprocess.run(argv, capture_output=True, check=True, timeout=120).stdout
        return [(int(o), int(v.split(b":")[0])) for o, v in (line.split(b" ", 1) for line in text.splitlines())]
    import confluent_client

    result = []
    confluent_client.read_to_end(
        suite.bootstrap, {"topic": topic, "partitions": PARTITIONS},
        lambda m: m.partition() == partition and result.append((m.offset(), int(m.value().split(b":")[0]))))
    return result
