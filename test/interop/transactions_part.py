"""Transactions by clients of every library: committed, aborted, fenced, timed out, handed from one library to the next; and Kafka's tools."""

import importlib.util
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import broker
import clients
import exactly_once
import transaction_tools
from clients import HERE, NODE
from transactor import Refused, Transactor

PARTITIONS = 3
LEVELS = ("read_committed", "read_uncommitted")
JAVA_FENCED = {
    "send": "ExecutionException InvalidProducerEpochException", "commit after send": "InvalidProducerEpochException",
    "commit": "ProducerFencedException", "offsets": "ProducerFencedException",
    "late": "The transaction timeout is larger than the maximum value allowed by the broker",
}
OLD_JAVA = {
    **JAVA_FENCED, "first send": "ExecutionException ProducerFencedException",
    "timed out": {"commit": "ProducerFencedException", "send": "ExecutionException InvalidProducerEpochException",
                  "offsets": "ProducerFencedException", "abort": "ProducerFencedException"},
}


def same(word, late, **more):
    """A library that has one word for everything."""
    words = {case: word for case in ("send", "commit after send", "first send", "commit", "offsets")}
    return {**words, "timed out": {case: word for case in ("commit", "send", "offsets", "abort")}, "late": late, **more}


# How each says that a producer is fenced, or that its transaction was aborted because it took too long; learned from Apache Kafka 4.4.
WORDS = {
    # Knows that it was late, and not fenced (KIP-890): what it can abort by itself it aborts, and goes on.
    "Java": {**JAVA_FENCED, "first send": "ExecutionException InvalidProducerEpochException",
             "timed out": {"commit": "InvalidTxnStateException", "send": "ExecutionException InvalidProducerEpochException",
                           "offsets": "ProducerFencedException", "abort": None}},
    "Java 3.9": OLD_JAVA,
    "Java 3.7": OLD_JAVA,
    # What a delivery report says, or what it says of the whole producer, whichever comes first.
    "confluent-kafka": same(("_FENCED fatal", "INVALID_PRODUCER_EPOCH"), "INVALID_TRANSACTION_TIMEOUT fatal"),
    "aiokafka": same("ProducerFenced", "InvalidTransactionTimeout"),
    "kafkajs": same("INVALID_PRODUCER_EPOCH", "INVALID_TRANSACTION_TIMEOUT"),
}
# What a client cannot do, with Apache Kafka either. It takes over no transactional id, commits no offsets without a consumer, and adds
# partitions by a version that a cluster of transaction.version 0 does not have:
HALF = ("@platformatic/kafka",)
# As readers they show aborted records, the one where a producer aborts twice, the other where aborted transactions overlap:
NO_READERS = ("@platformatic/kafka", "kafkajs")


def libraries():
    """Name → command line and what is missing."""
    python = [sys.executable, "-u", str(HERE / "transactor.py")]
    node = [NODE, "--disable-warning=ExperimentalWarning", str(HERE / "transactor.ts")]
    aiokafka = None if importlib.util.find_spec("aiokafka") else "aiokafka is not installed"
    return {
        "Java": (clients.java_argv("Transactor"), clients.JAVA_CLIENT.missing),
        **{f"Java {version}": old_java(version) for version in ("3.9", "3.7")},
        "confluent-kafka": ([*python, "confluent"], clients.CONFLUENT.missing),
        "aiokafka": ([*python, "aiokafka"], aiokafka),
        "kafkajs": ([*node, "kafkajs"], clients.KAFKAJS.missing),
        "@platformatic/kafka": ([*node, "platformatic"], clients.PLATFORMATIC.missing),
    }


def old_java(version):
    """The same program with older client classes before the newest."""
    [libs, *_] = sorted(clients.WORK.glob(f"libs-{version}*")) or [None]
    missing = clients.JAVA_CLIENT.missing or (None if libs else f"kafka-clients {version} is not there")
    return clients.java_argv("Transactor", libs=f"{libs.name}/*:{clients.WORK}/libs" if libs else "libs"), missing


def run(suite):
    if not suite.has(clients.JAVA_CLIENT, "transactions"):
        return
    transactors = opened(suite, suite.bootstrap)
    try:
        of_libraries(suite, transactors)
        transaction_tools.run(suite, transactors)
        exactly_once.run(suite, transactors)
    finally:
        for transactor in transactors.values():
            transactor.end()
    if suite.controls_broker("kafka-dump-log --transaction-log-decoder"):
        suite.check("kafka-dump-log --transaction-log-decoder", lambda: transaction_tools.dump_transaction_log(suite))
    if suite.long and isinstance(suite.broker, broker.Broker) and suite.broker.is_built:
        for level in (1, 0):
            suite.guard(f"transaction.version {level}", lambda level=level: of_older_cluster(suite, level))


def opened(suite, bootstrap):
    """A process for each library that is there."""
    transactors = {}
    for name, (argv, missing) in libraries().items():
        if missing:
            suite.skip(f"transactions of {name}", missing)
        else:
            transactors[name] = Transactor(name, argv, bootstrap)
    return transactors


def of_older_cluster(suite, level):
    """The same clients against a broker whose cluster keeps to an older protocol of transactions."""
    node = broker.Broker(features=[f"transaction.version={level}"])
    transactors = {}
    try:
        node.start()
        transactors = opened(suite, node.bootstrap)
        of_libraries(suite, transactors, f"transaction.version {level}: ")
    finally:
        for transactor in transactors.values():
            transactor.end()
        node.close(False)


def of_libraries(suite, transactors, prefix=""):
    # A cluster that keeps to the older protocol makes all clients older ones.
    level = transactors["Java"].call("level")["level"]
    words = {**WORDS, **({} if level >= 2 else {"Java": OLD_JAVA})}
    named = [(title, body, name) for title, body in
             (("too late", too_late), ("commit, abort, isolation", ends), ("offsets of a group", offsets), ("fenced", fenced))
             for name in transactors if name in words or (body is ends and (level > 0 or name not in HALF))]
    together = (("one transactional id from library to library", handed_on), ("a transaction over many partitions", wide),
                ("offsets of a member that is not in the group are refused", strangers_offsets),
                ("the admin client fences producers", fenced_by_admin))
    with ThreadPoolExecutor(8) as pool:
        checks = [(f"transactions of {name}: {title}", pool.submit(timed, body, suite, transactors, words, name)) for title, body, name in named]
        checks += [(title, pool.submit(timed, body, suite, transactors, words)) for title, body in together]
        for title, future in checks:
            suite.check(f"{prefix}{title}", future.result)


def timed(body, *arguments):
    """They run at the same time; what a line says of seconds is how long it was waited for."""
    began = time.monotonic()
    note = body(*arguments)
    return f"{f'{note}, ' if note else ''}{time.monotonic() - began:.1f} s of its own"


def topic_of(suite, transactors, kind, name, partitions=PARTITIONS):
    topic = suite.topic(f"txn-{kind}-{name.lower().replace('@', '').replace('/', '-').replace(' ', '')}")
    transactors["Java"].call("create", topic=topic, partitions=partitions)
    return topic


def refused(call, word, what):
    """The call is answered with the error that `word` names, or one of several."""
    allowed = (word,) if isinstance(word, str) else word
    try:
        call()
    except Refused as answer:
        assert any(f" {one}" in f" {answer.error} {answer}" for one in allowed), f"{what}: {word} expected, got {answer}"
        return
    raise AssertionError(f"{what}: {word} expected, but it was done")


def sees(transactors, name, topic, committed, uncommitted=None):
    """Readers of the library itself, of Java and of librdkafka see the values, a list a partition, at both isolation levels."""
    readers = {one for one in (name, "Java", "confluent-kafka") if one in transactors and one not in NO_READERS}
    for level, expected in zip(LEVELS, (committed, uncommitted)):
        for reader in readers if expected is not None else ():
            seen = transactors[reader].read(topic, len(expected), level)
            for partition, (some, wanted) in enumerate(zip(seen, expected)):
                assert some == wanted, f"{reader}, {level}, partition {partition} of {topic}: {difference(some, wanted)}"


def difference(seen, wanted):
    missing = [one for one in wanted if one not in seen]
    more = [one for one in seen if one not in wanted]
    return f"{len(seen)} values instead of {len(wanted)}; missing {missing[:5]}, not expected {more[:5]}, twice {len(seen) - len(set(seen))}"


def values(step, count):
    return [[f"{step}-{partition}-{index}" for index in range(count)] for partition in range(PARTITIONS)]


def joined(*lists):
    return [sum((one[partition] for one in lists), []) for partition in range(PARTITIONS)]


def ends(suite, transactors, words, name):
    """Two producers in the same partitions at the same time; what one holds open hides what the other has committed behind it."""
    topic = topic_of(suite, transactors, "ends", name)
    transactor = transactors[name]
    one, two = transactor.producer(f"{topic}-1", f"{topic}-1"), transactor.producer(f"{topic}-2", f"{topic}-2")
    steps = [values(step, 20) for step in range(9)]
    one.transaction(topic, steps[0])
    one.transaction(topic, steps[1], "abort")
    one.transaction(topic, steps[2])
    sees(transactors, name, topic, joined(steps[0], steps[2]), joined(*steps[:3]))
    if name == "kafkajs":
        seen = transactors[name].read(topic, PARTITIONS, LEVELS[0])
        assert seen == joined(steps[0], steps[2]), f"kafkajs: {difference(seen[0], [*steps[0][0], *steps[2][0]])}"
    one.transaction(topic, steps[3], None)
    two.transaction(topic, steps[4])
    two.transaction(topic, steps[5], "abort")
    sees(transactors, name, topic, joined(steps[0], steps[2]), joined(*steps[:6]))
    one.abort()
    two.transaction(topic, steps[6], None)
    one.transaction(topic, steps[7])
    sees(transactors, name, topic, joined(steps[0], steps[2], steps[4]), joined(*steps[:8]))
    two.commit()
    one.transaction(topic, steps[8], "abort")
    sees(transactors, name, topic, joined(*(steps[step] for step in (0, 2, 4, 6, 7))), joined(*steps))
    for producer in (one, two):
        producer.close()
    return "9 transactions of 2 producers"


def offsets(suite, transactors, words, name):
    topic = topic_of(suite, transactors, "offsets", name)
    group = f"g-{topic}"
    producer = transactors[name].producer(topic, topic)

    def committed(**more):
        return transactors["Java"].call(
            "committed", group=group, topic=topic, partition=0, isolation="read_committed", **more)["offset"]

    def consume(offset):
        producer.begin()
        producer.send(topic, 0, [f"to-{offset}"])
        producer.offsets(group=group, topic=topic, partition=0, offset=offset)

    consume(5)
    # It asks for stable offsets until its time is over.
    refused(lambda: committed(wait=700), "TimeoutException", "the offset of an open transaction")
    producer.commit()
    assert committed() == 5, committed()
    consume(7)
    refused(lambda: committed(wait=700), "TimeoutException", "the offset of the next open transaction")
    producer.abort()
    assert committed() == 5, f"{committed()} after an abort"
    consume(9)
    producer.commit()
    assert committed() == 9, committed()
    sees(transactors, "Java", topic, [["to-5", "to-9"]])
    producer.close()


def fenced(suite, transactors, words, name):
    """Whatever the older producer of an id does next, it is told so, and nothing of it is ever seen."""
    topic = topic_of(suite, transactors, "fenced", name)
    transactor = transactors[name]
    kept = [[] for _ in range(PARTITIONS)]
    older = transactor.producer(f"{topic}-0", topic)
    for turn, case in enumerate(("send", "commit", "first send", "offsets")):
        if case != "first send":
            older.transaction(topic, values(f"open-{turn}", 5), None)
        newer = transactor.producer(f"{topic}-{turn + 1}", topic)
        if case == "send":
            refused(lambda: older.send(topic, 0, ["zombie"]), words[name]["send"], "a send of the older producer")
            refused(older.commit, words[name]["commit after send"], "its commit")
        elif case == "first send":
            older.begin()
            refused(lambda: older.send(topic, 0, ["zombie"]), words[name]["first send"], "the first send of an older producer's transaction")
        elif case == "offsets":
            refused(lambda: older.offsets(group=topic, topic=topic, partition=0, offset=1), words[name]["offsets"], "offsets of the older producer")
        else:
            refused(older.commit, words[name]["commit"], "the commit of the older producer")
        some = values(f"kept-{turn}", 5)
        newer.transaction(topic, some)
        kept = joined(kept, some)
        older = newer
    sees(transactors, name, topic, kept)
    older.close()
    return "by a send, a commit, a first send and offsets"


def too_late(suite, transactors, words, name):
    """A transaction past its timeout is aborted by the broker, and the producer is told; a timeout over the maximum is refused."""
    topic = topic_of(suite, transactors, "late", name, 4)
    transactor = transactors[name]
    refused(lambda: transactor.producer(f"{topic}-never", f"{topic}-never", timeout=900_001), words[name]["late"],
            "a timeout over transaction.max.timeout.ms")
    cases = list(words[name]["timed out"].items())
    producers = []
    for partition, (case, _) in enumerate(cases):
        producer = transactor.producer(f"{topic}-{case}", f"{topic}-{case}", timeout=1000)
        producer.begin()
        producer.send(topic, partition, [f"late-{case}"])
        producers.append(producer)
    began = time.monotonic()
    after = transactors["Java"].producer(f"{topic}-after", f"{topic}-after")
    after.transaction(topic, [[f"after-{partition}"] for partition in range(4)])
    expected = [[f"after-{partition}"] for partition in range(4)]
    # Kafka looks for late transactions every ten seconds.
    while (seen := transactors["Java"].read(topic, 4, LEVELS[0])) != expected:
        assert time.monotonic() < began + 30, f"not aborted within 30 s: {seen}"
        time.sleep(0.2)
    waited = time.monotonic() - began
    for partition, (producer, (case, word)) in enumerate(zip(producers, cases)):
        call = {"commit": producer.commit, "abort": producer.abort, "send": lambda: producer.send(topic, partition, ["zombie"]),
                "offsets": lambda: producer.offsets(group=topic, topic=topic, partition=0, offset=1)}[case]
        if word is None:
            call()
        else:
            refused(call, word, f"{case} after the timeout")
        lives = words[name]["timed out"]["abort"] is None
        if lives and case == "send":
            producer.abort()
        if lives and case in ("abort", "send"):
            producer.begin()
            producer.send(topic, partition, ["once more"])
            producer.commit()
            expected[partition].append("once more")
    sees(transactors, name, topic, expected)
    return f"aborted after {waited:.1f} s"


def handed_on(suite, transactors, words):
    """Every library takes one id over from every other, while the one before has a transaction open."""
    topic = topic_of(suite, transactors, "handed", "on")
    names = [name for name in transactors if name in words]
    order = [name for first in names for second in names for name in (first, second)]
    seed = random.randrange(1 << 30)
    if not suite.long:
        order = [*names, *random.Random(seed).sample(names, len(names))]
    kept = [[] for _ in range(PARTITIONS)]
    before = None
    for turn, name in enumerate(order):
        producer = transactors[name].producer(f"handed-{suite.run_id}-{turn}", topic)
        if before:
            refused(before.commit, words[before.library]["commit"], f"turn {turn}, {before.library} after {name} came")
        some = values(f"{turn}-kept", 3)
        producer.transaction(topic, some)
        kept = joined(kept, some)
        producer.transaction(topic, values(f"{turn}-open", 3), None)
        before = producer
    before.abort()
    sees(transactors, "Java", topic, kept)
    return f"{' → '.join(order)}" if not suite.long else f"{len(order)} turns"


def wide(suite, transactors, words):
    """One transaction that writes to thousands of partitions."""
    java = transactors["Java"]
    count, each = (10_000, 1000) if suite.long else (400, 200)
    topics = [suite.topic(f"txn-wide-{number}") for number in range(count // each)]
    for topic in topics:
        java.call("create", topic=topic, partitions=each)
    producer = java.producer(topics[0], topics[0], timeout=600_000)
    seconds = []
    for turn, end in enumerate(("commit", "abort", "commit")):
        producer.begin()
        for topic in topics:
            java.call("send", name=topics[0], records=[[topic, partition, f"{turn}"] for partition in range(each)])
        began = time.monotonic()
        getattr(producer, end)()
        seconds.append(time.monotonic() - began)
    for topic in topics:
        seen = java.read(topic, each, LEVELS[0])
        wrong = [partition for partition, some in enumerate(seen) if some != ["0", "2"]]
        assert not wrong, f"{topic}: {len(wrong)} partitions differ, first {wrong[0]} with {seen[wrong[0]]}"
    return f"{count:,} partitions, commit {seconds[0]:.2f} s, abort {seconds[1]:.2f} s, commit {seconds[2]:.2f} s"


def strangers_offsets(suite, transactors, words):
    for name in ("Java", "Java 3.9", "Java 3.7"):
        if name not in transactors:
            continue
        topic = topic_of(suite, transactors, "stranger", name)
        producer = transactors[name].producer(topic, topic)
        producer.transaction(topic, [["before"]], None)
        refused(lambda: producer.offsets(group=topic, topic=topic, partition=0, offset=3, member="nobody", generation=4),
                "CommitFailedException", f"{name}: offsets of a member that is not in the group")
        producer.abort()
        producer.transaction(topic, [["after"]])
        sees(transactors, name, topic, [["after"]])


def fenced_by_admin(suite, transactors, words):
    for name in [name for name in transactors if name in words]:
        topic = topic_of(suite, transactors, "admin", name)
        producer = transactors[name].producer(topic, topic)
        producer.transaction(topic, [["open"]], None)
        transactors["Java"].call("fence", id=topic)
        refused(producer.commit, words[name]["commit"], f"{name}: the commit after fenceProducers")
        sees(transactors, name, topic, [[]], [["open"]])
