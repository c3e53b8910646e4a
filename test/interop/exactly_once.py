"""
Exactly once under kill -9 of everybody: Kafka's own transactional-message-copier from topic to topic to topic, and a Kafka Streams
application with state, while the broker, the copiers and the instances of the application die again and again.

  load ──▶ input ──▶ copiers, one a partition ──▶ middle ──▶ copiers, a group ──▶ output     every record once, nothing else
               └───▶ StreamsSums, several instances ──▶ updates           every count from 1 to the end, the right sums
  clients of every library, commits, aborts, offsets ──▶ ledger           each transaction whole or not at all, as it was told
"""

import collections
import pathlib
import random
import shutil
import subprocess
import tempfile
import threading
import time

import clients
import crash_part
from clients import java_argv
from transactor import Refused

PARTITIONS = 2
SUMS, COUNTS = 13, 5
AHEAD = 2000
PATIENCE_SECONDS = 150
FAILURES = (Refused, AssertionError, OSError)
# They take an id over from themselves, so that they can go on after whatever has happened.
LEDGER_LIBRARIES = ("Java", "Java 3.9", "Java 3.7", "confluent-kafka", "aiokafka", "kafkajs")
# Its call waits for ever, past its own timeout, when the broker dies in between; with Apache Kafka too.
NO_OFFSETS = ("confluent-kafka",)


def run(suite, transactors):
    if not suite.controls_broker("exactly once under kill -9"):
        return
    if suite.has(clients.CONFLUENT, "exactly once under kill -9"):
        suite.check(f"exactly once: {suite.kills} ends of the broker, as many of copiers and Streams", lambda: storm(suite, transactors))


class Load(threading.Thread):
    """Numbers to the input at a steady rate, by an idempotent producer that lives through everything; never far before the readers."""

    def __init__(self, bootstrap, topic, rate, done):
        super().__init__(daemon=True)
        from confluent_kafka import Producer

        self.topic = topic
        self.each = max(1, rate // 50)
        self.done = done
        self.ending = threading.Event()
        self.sent = 0
        self.errors = []
        self.producer = Producer({
            "bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 300000,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 1, "error_cb": lambda _error: None})

    def run(self):
        while not self.ending.wait(0.02):
            for _ in range(self.each if self.sent - self.done() < AHEAD else 0):
                self.producer.produce(
                    self.topic, b"%d:x" % (self.sent // PARTITIONS), partition=self.sent % PARTITIONS,
                    on_delivery=lambda error, _message: self.errors.append(str(error)) if error else None)
                self.sent += 1
            self.producer.poll(0)
        if self.producer.flush(120):
            self.errors.append("not all was delivered")

    def end(self):
        """How many numbers each partition has."""
        self.ending.set()
        self.join(150)
        assert not self.is_alive() and not self.errors, f"the load: {self.errors[:2]}"
        return [(self.sent + PARTITIONS - 1 - partition) // PARTITIONS for partition in range(PARTITIONS)]


class Reader(threading.Thread):
    """Reads committed records of a topic all the time, through every end of the broker."""

    def __init__(self, bootstrap, topic, partitions):
        super().__init__(daemon=True)
        self.bootstrap = bootstrap
        self.topic = topic
        self.partitions = partitions
        self.ending = threading.Event()
        self.records = [[] for _ in range(partitions)]
        self.before = 0

    def count(self):
        return sum(map(len, self.records))

    def run(self):
        from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "interop", "enable.auto.commit": False, "isolation.level": "read_committed",
            "fetch.wait.max.ms": 100, "reconnect.backoff.max.ms": 200, "log_level": 1, "auto.offset.reset": "error",
            "error_cb": lambda _error: None})
        consumer.assign([TopicPartition(self.topic, partition, OFFSET_BEGINNING) for partition in range(self.partitions)])
        while not self.ending.is_set():
            for message in consumer.consume(1000, 0.1):
                if message.error() is None:
                    key = message.key().decode() if message.key() else None
                    self.records[message.partition()].append((message.offset(), key, message.value().decode()))
        consumer.close()

    def catch_up(self, count):
        """Until it has seen so many, and no more come for a while."""
        until = time.monotonic() + 30
        seen = -1
        while (seen != self.count() or seen < count) and time.monotonic() < until:
            seen = self.count()
            time.sleep(1)

    def end(self):
        self.ending.set()
        self.join(30)
        return self.records


class Ledger(threading.Thread):
    """Transactions of one library, one after the other, and what the client was told of each."""

    def __init__(self, transactor, topic, seed):
        super().__init__(daemon=True)
        self.transactor = transactor
        self.library = transactor.library
        self.topic = topic
        self.id = f"{topic}-{self.library.replace(' ', '-')}"
        self.chance = random.Random(seed)
        self.ending = threading.Event()
        # "commit", "abort", "commit?" where the answer to a commit was an error, and "none" where none was asked for.
        self.outcomes = []
        self.before = 0
        self.opened = 0
        self.errors = collections.Counter()
        self.problem = None

    def commits(self):
        return self.outcomes.count("commit")

    def values(self, number):
        return [[self.topic, partition, f"{self.library}/{number}/{partition}/{index}"] for partition in range(PARTITIONS) for index in range(3)]

    def open(self):
        self.opened += 1
        return self.transactor.producer(f"{self.id}-{self.opened}", self.id)

    def run(self):
        producer = None
        while not self.ending.wait(0.05):
            outcome = "none"
            try:
                producer = producer or self.open()
                producer.begin()
                self.transactor.call("send", name=f"{self.id}-{self.opened}", records=self.values(len(self.outcomes)))
                if self.library not in NO_OFFSETS:
                    producer.offsets(group=self.id, topic=self.topic, partition=0, offset=len(self.outcomes))
                if self.chance.random() < 0.25:
                    producer.abort()
                    outcome = "abort"
                else:
                    outcome = "commit?"
                    producer.commit()
                    outcome = "commit"
            except FAILURES as failed:
                self.errors[str(failed).split(":")[0]] += 1
                producer = self.close(producer)
            self.outcomes.append(outcome)
        # Whoever comes last leaves nothing open behind.
        self.close(producer)
        for _ in range(5):
            try:
                self.close(self.open())
                self.problem = None
                return
            except FAILURES as failed:
                self.problem = failed

    @staticmethod
    def close(producer):
        try:
            if producer:
                producer.close()
        except FAILURES:
            pass

    def end(self):
        self.ending.set()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive(), f"{self.library}: its transactions do not end; {dict(self.errors)}"
        assert self.problem is None, f"{self.library}: {self.problem}, {dict(self.errors)}"

    def verify(self, records, java):
        """`records`: (partition, value) as a read_committed consumer has seen them."""
        seen = collections.defaultdict(list)
        for partition, value in records:
            library, number, *rest = value.split("/")
            if library == self.library:
                seen[int(number)].append([self.topic, partition, value])
        last = -1
        for number, outcome in enumerate(self.outcomes):
            some = seen.pop(number, [])
            allowed = {"commit": [True], "commit?": [True, False], "abort": [False], "none": [False]}[outcome]
            assert bool(some) in allowed, f"{self.library}: transaction {number} was told {outcome!r}, and {len(some)} of its records are there"
            wanted = self.values(number)
            assert not some or sorted(some) == sorted(wanted), (
                f"{self.library}: transaction {number} ({outcome}) is there in parts or twice: {len(some)} of {len(wanted)} records, {some[:8]}")
            if some:
                last = number
        assert not seen, f"{self.library}: transactions {sorted(seen)[:5]} are there and were never written"
        for partition in range(PARTITIONS):
            order = [int(value.split("/")[1]) for where, value in records if where == partition and value.startswith(f"{self.library}/")]
            assert order == sorted(order), f"{self.library}: partition {partition} is out of order"
        committed = java.call("committed", group=self.id, topic=self.topic, partition=0, isolation="read_committed")["offset"]
        assert committed == (-1 if self.library in NO_OFFSETS else last), f"{self.library}: the group is at {committed}, its last committed transaction was {last}"
        return f"{self.library} {listed(collections.Counter(self.outcomes))}"


class Worker:
    """A process that is started again whenever it ends, until `finish`."""

    def __init__(self, name, argv):
        self.name = name
        self.argv = argv
        self.ends = collections.Counter()
        self.isover = False
        self.last = ""
        self.errors = tempfile.TemporaryFile()
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self.errors, start_new_session=True)

    def look(self):
        """Starts it again where it has ended by itself."""
        if self.process.poll() is not None and not self.isover:
            self.ends[self.process.returncode] += 1
            self.start()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.ends["kill -9"] += 1
        self.start()

    def end(self):
        """Ends it in order, as far as it does within ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.ends["stop"] += 1

    def restart(self):
        self.end()
        self.start()

    def finish(self):
        self.isover = True
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def problem(self):
        self.errors.seek(0)
        return self.errors.read()[-600:].decode(errors="replace")


def copier(bootstrap, source, target, name, size, partition=None):
    """Kafka's program. It copies what is there when it comes and ends; so it is started again and again."""
    argv = [*java_argv(clients.TOOLS["transactional-message-copier"], "libs-tools", "-Xmx128M"), "--broker-list", bootstrap,
            "--input-topic", source, "--output-topic", target, "--consumer-group", f"copy-{source}", "--transactional-id", name,
            "--transaction-size", str(size), "--transaction-timeout", "20000", "--max-messages", "-1",
            "--input-partition", str(partition or 0), "--enable-random-aborts"]
    return Worker(name, argv if partition is not None else [*argv, "--group-mode", "--use-group-metadata"])


def create(bootstrap, topics):
    """Returns when all are led: with Kafka that is a moment after they were made."""
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(topic, PARTITIONS, 1, config={"segment.bytes": "1048576"}) for topic in topics]).values():
        future.result()
    until = time.monotonic() + 30
    for topic in topics:
        while not any(one.leader >= 0 for one in admin.list_topics(topic, 10).topics[topic].partitions.values()):
            assert time.monotonic() < until, f"{topic} is not led"
            time.sleep(0.05)


def storm(suite, transactors):
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    topics = [suite.topic(f"once-{name}") for name in ("input", "middle", "output", "updates", "ledger")]
    create(suite.bootstrap, topics)
    source, middle, target, updates, ledger = topics
    folder = pathlib.Path(tempfile.mkdtemp(prefix="odradek-streams-"))
    readers = [Reader(suite.bootstrap, topic, PARTITIONS) for topic in (target, updates, ledger)]
    load = Load(suite.bootstrap, source, 500, lambda: min(readers[0].count(), readers[1].count() // 2))
    ledgers = [Ledger(transactor, ledger, chance.random()) for name, transactor in transactors.items() if name in LEDGER_LIBRARIES]
    workers = []
    ends = collections.Counter()
    try:
        for thread in (load, *readers, *ledgers):
            thread.start()
        workers += [copier(suite.bootstrap, source, middle, f"{source}-{partition}", 20, partition) for partition in range(PARTITIONS)]
        workers += [copier(suite.bootstrap, middle, target, f"{middle}-{member}", 50) for member in range(2 if suite.long else 1)]
        workers += [
            Worker(f"streams-{number}", [*java_argv("StreamsSums", "libs-tools", "-Xmx192M"), suite.bootstrap, updates, source, updates,
                                         str(folder / str(number))])
            for number in range(3 if suite.long else 2)]
        wait(readers, ledgers, workers, lambda: works(readers, ledgers), "everybody works")
        for turn in range(2 * suite.kills):
            # Now and then nobody dies until everybody has got on.
            if turn % 20 == 19:
                wait(readers, ledgers, workers, lambda: works(readers, ledgers), f"everybody works after {turn} deaths")
            until = time.monotonic() + chance.uniform(0.5, 3)
            while time.monotonic() < until:
                tend(workers)
            if turn % 2:
                how = chance.choice(["kill -9"] * 4 + ["stop", "kill -9 while it starts"])
                {"kill -9": suite.broker.kill, "stop": suite.broker.stop}.get(how, lambda: crash_part.kill_again(suite))()
                suite.broker.start()
                ends[how] += 1
            else:
                victim = chance.choice(workers)
                chance.choice([victim.kill, victim.kill, victim.restart])()
        wait(readers, ledgers, workers, lambda: works(readers, ledgers), "everybody works again")
        counts = load.end()
        for one in ledgers:
            one.ending.set()
        for one in ledgers:
            one.end()
        wait(readers, ledgers, workers, lambda: readers[0].count() >= sum(counts) and readers[1].count() >= 2 * sum(counts),
             f"{sum(counts)} records in {target} and {2 * sum(counts)} in {updates}")
        readers[2].catch_up(1)
    finally:
        for thread in (load, *ledgers):
            thread.ending.set()
        for worker in workers:
            worker.finish()
        for reader in readers:
            reader.ending.set()
        shutil.rmtree(folder, ignore_errors=True)
    live = [reader.end() for reader in readers]
    # Those who come later see what was seen while it came.
    for reader, records in zip(readers, live):
        again = Reader(suite.bootstrap, reader.topic, PARTITIONS)
        again.start()
        again.catch_up(sum(map(len, records)))
        for partition, (now, then) in enumerate(zip(again.end(), records)):
            assert now == then, f"{reader.topic}-{partition}: a later reader sees {len(now)} records, a live one saw {len(then)}; {first(now, then)}"
    copied(target, live[0], counts)
    summed(updates, live[1], counts)
    told = [(partition, value) for partition, some in enumerate(live[2]) for _, _, value in some]
    ledger_notes = [one.verify(told, transactors["Java"]) for one in ledgers]
    others = listed(sum((worker.ends for worker in workers), collections.Counter()))
    return f"{sum(counts):,} records, {len(workers)} programs, their ends: {others}; ends of the broker: {listed(ends)}; seed {seed}; {'; '.join(ledger_notes)}"


def listed(counter):
    return ", ".join(f"{count} × {what}" for what, count in sorted(counter.items(), key=str))


def works(readers, ledgers):
    """Everybody has done something since it was asked last, and so lives through what has been."""
    isdone = all(reader.count() > reader.before + 100 for reader in readers[:2]) and all(one.commits() > one.before + 2 for one in ledgers)
    if isdone:
        for reader in readers:
            reader.before = reader.count()
        for one in ledgers:
            one.before = one.commits()
    return isdone


def tend(workers):
    time.sleep(0.05)
    for worker in workers:
        worker.look()


def wait(readers, ledgers, workers, condition, what):
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, (
            f"{what}: not within {PATIENCE_SECONDS} s; " + ", ".join(f"{reader.topic} has {reader.count()}" for reader in readers)
            + "".join(f"\n{one.library} {collections.Counter(one.outcomes)} {dict(one.errors)}" for one in ledgers)
            + "".join(f"\n{worker.name} {dict(worker.ends)} {worker.problem()}" for worker in workers))
        tend(workers)


def first(now, then):
    for one, other in zip(now, then):
        if one != other:
            return f"first {one} where {other} was"
    return f"then {[*now, *then][min(len(now), len(then)):][:1]}"


def copied(topic, records, counts):
    """Each number once; in order, because a copier keeps the partition."""
    for partition, (some, count) in enumerate(zip(records, counts)):
        numbers = [int(value.split(":")[0]) for _, _, value in some]
        missing = sorted(set(range(count)) - set(numbers))
        twice = [number for number, times in collections.Counter(numbers).items() if times > 1]
        assert not missing and not twice, f"{topic}-{partition}: {len(missing)} missing {missing[:5]}, {len(twice)} twice {twice[:5]}"
        assert numbers == list(range(count)), f"{topic}-{partition}: not in order: {first(numbers, list(range(count)))}"


def summed(topic, records, counts):
    """Every update of every key: counts without a gap, and sums at the end that are those of the input."""
    seen = collections.defaultdict(list)
    for some in records:
        for _, key, value in some:
            seen[key].append(value)
    wanted = {}
    for count in counts:
        for number in range(count):
            for key in (f"sum-{number % SUMS}", f"count-{number % COUNTS}"):
                times, total = wanted.get(key, (0, 0))
                wanted[key] = (times + 1, total + number)
    assert set(seen) == set(wanted), f"{topic}: keys {sorted(set(seen) ^ set(wanted))[:5]} differ"
    for key, updates in seen.items():
        times = [int(value.split(":")[0]) for value in updates]
        run = list(range(1, wanted[key][0] + 1))
        assert times == run, f"{topic}, {key}: counts are wrong: {first(times, run)}"
        if key.startswith("sum"):
            total = int(updates[-1].split(":")[1])
            assert total == wanted[key][1], f"{topic}, {key}: the sum is {total}, not {wanted[key][1]}"
