"""Kafka's own tools on transactions: kafka-transactions, dump-log's decoder, and the tools that write and read in transactions."""

import json
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import clients
from clients import HERE, NODE, tool
from transactor import Refused

STATUSES = ("Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead", "PrepareEpochFence")
DECIDED = {"PrepareCommit": "CompleteCommit", "PrepareAbort": "CompleteAbort"}


def run(suite, transactors):
    java = transactors["Java"]
    with ThreadPoolExecutor(2) as pool:
        checks = [
            ("kafka-transactions: list, describe, describe-producers, abort", pool.submit(transactions, suite, java)),
            ("kafka-transactions: find-hanging, abort what hangs", pool.submit(hanging, suite, java)),
            ("kafka-transactions: forceTerminateTransaction", pool.submit(terminated, suite, java)),
            ("transactions of kafka-producer-perf-test, kafka-console-consumer, kafka-verifiable-consumer", pool.submit(pipes, suite, java)),
        ]
        for title, future in checks:
            suite.check(title, future.result)
    for name in ("Java", "Java 3.9") if suite.long else ():
        if name in transactors:
            suite.check(f"transactions of {name}: epochs come to their end", lambda name=name: exhausted(suite, transactors[name], java))


def table(text):
    """The rows of a table that a tool printed, by column."""
    header, *rows = [[cell.strip() for cell in line.split("\t")] for line in text.splitlines() if "\t" in line]
    return [dict(zip(header, row)) for row in rows]


def by_server(suite):
    return lambda name, *words, **more: tool(name, "--bootstrap-server", suite.bootstrap, *words, **more)


def opened(suite, java, name, partitions=2):
    """A topic with a committed transaction of one producer, an aborted and an open one of two more."""
    topic = suite.topic(f"txn-tool-{name}")
    java.call("create", topic=topic, partitions=partitions)
    producers = [java.producer(f"{topic}-{end}", f"{topic}-{end}", timeout=600_000) for end in ("commit", "abort", "open")]
    for producer, end in zip(producers, ("commit", "abort", None)):
        producer.transaction(topic, [[f"{end}-{partition}"] for partition in range(partitions)], end)
    return topic, producers[2]


def transactions(suite, java):
    ask = by_server(suite)
    topic, producer = opened(suite, java, "transactions")
    rows = table(ask("kafka-transactions", "list", "--transactional-id-pattern", f"{topic}-(open|abort)"))
    states = {row["TransactionalId"]: row["TransactionState"] for row in rows}
    assert states == {f"{topic}-open": "Ongoing", f"{topic}-abort": "CompleteAbort"}, rows
    assert f"{topic}-open" not in ask("kafka-transactions", "list", "--duration-filter", 500_000_000)
    [row] = table(ask("kafka-transactions", "describe", "--transactional-id", f"{topic}-open"))
    assert row["TransactionState"] == "Ongoing" and row["TransactionTimeoutMs"] == "600000" and row["ProducerEpoch"] == "0", row
    assert sorted(row["TopicPartitions"].split(",")) == [f"{topic}-0", f"{topic}-1"], row
    assert int(row["TransactionDurationMs"]) >= 0 and int(row["CurrentTransactionStartTimeMs"]) > 1_700_000_000_000, row
    absent = ask("kafka-transactions", "describe", "--transactional-id", f"{topic}-absent", ok=False)
    known = table(ask("kafka-transactions", "describe-producers", "--topic", topic, "--partition", 0))
    assert len(known) == 3, known
    by_id = {one["ProducerId"]: one for one in known}
    here = by_id[row["ProducerId"]]
    assert here["CurrentTransactionStartOffset"] == "4" and here["LastSequence"] == "0", known
    # Before its first marker nobody has said who coordinates it.
    assert here["LatestCoordinatorEpoch"] == "-1" and here["ProducerEpoch"] == "0", known
    # A marker ends the transaction; by KIP-890 it raises the epoch and takes the sequence with it, too.
    after = ("1", "-1") if java.call("level")["level"] >= 2 else ("0", "0")
    for other in (one for one in known if one is not here):
        assert other["CurrentTransactionStartOffset"] == "None" and other["LatestCoordinatorEpoch"] == "0", known
        assert (other["ProducerEpoch"], other["LastSequence"]) == after, known
    ask("kafka-transactions", "abort", "--topic", topic, "--partition", 0, "--start-offset", 3, ok=False)
    ask("kafka-transactions", "abort", "--topic", topic, "--partition", 0, "--start-offset", 4)
    known = table(ask("kafka-transactions", "describe-producers", "--topic", topic, "--partition", 0))
    assert all(one["CurrentTransactionStartOffset"] == "None" for one in known), known
    # The coordinator knows nothing of that: it writes its own markers later.
    producer.commit()
    seen = java.read(topic, 2, "read_committed")
    assert seen == [["commit-0"], ["commit-1", "None-1"]], seen
    return f"{len(known)} producers"


def raw(suite, *words):
    argv = [NODE, "--disable-warning=ExperimentalWarning", str(HERE / "raw-transactions.ts"), *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False, cwd=clients.ROOT)
    assert done.returncode == 0, done.stderr[-800:]
    return json.loads(done.stdout)


def hanging(suite, java):
    """A transaction that no coordinator knows hides everything behind it until the tool has found and aborted it."""
    ask = by_server(suite)
    topic = suite.topic("txn-hanging")
    java.call("create", topic=topic, partitions=1)
    verifies = "transaction.partition.verification.enable"
    ask("kafka-configs", "--alter", "--entity-type", "brokers", "--entity-name", 1, "--add-config", f"{verifies}=false")
    try:
        found = raw(suite, "hang", suite.bootstrap.split(":")[1], topic)
    finally:
        ask("kafka-configs", "--alter", "--entity-type", "brokers", "--entity-name", 1, "--delete-config", verifies)
    assert found["errorCode"] == 0 and found["baseOffset"] == 0, found
    refused = raw(suite, "hang", suite.bootstrap.split(":")[1], topic)
    assert refused["errorCode"] != 0, f"with verification it is taken, too: {refused}"
    java.producer(topic, topic).transaction(topic, [["behind"]])
    assert java.read(topic, 1, "read_committed") == [[]]
    [row] = table(ask("kafka-transactions", "find-hanging", "--broker-id", 1, "--topic", topic, "--max-transaction-timeout", 30))
    assert row["ProducerId"] == str(found["producerId"]) and row["StartOffset"] == "0" and row["Partition"] == "0", row
    assert int(row["Duration(min)"]) in (60, 61), row
    ask("kafka-transactions", "abort", "--topic", topic, "--partition", 0, "--start-offset", 0)
    assert java.read(topic, 1, "read_committed") == [["behind"]]
    assert not table(ask("kafka-transactions", "find-hanging", "--topic", topic, "--broker-id", 1)), "it is still found"
    return f"a verifying broker answers {refused['errorCode']}"


def terminated(suite, java):
    ask = by_server(suite)
    topic, producer = opened(suite, java, "terminated")
    ask("kafka-transactions", "forceTerminateTransaction", "--transactionalId", f"{topic}-open")
    try:
        producer.commit()
    except Refused as answer:
        assert "ProducerFencedException" in answer.error, answer
    else:
        raise AssertionError("the commit of a terminated transaction was done")
    seen = java.read(topic, 2, "read_committed")
    assert seen == [["commit-0"], ["commit-1"]], seen


def pipes(suite, java):
    """The perf tool writes in transactions; readers of both levels see what was committed, and one of them an open transaction more."""
    ask = by_server(suite)
    topic, producer = opened(suite, java, "pipes")
    producer.abort()
    count = 100_000 if suite.long else 10_000
    text = tool("kafka-producer-perf-test", "--topic", topic, "--num-records", count, "--record-size", 50, "--throughput", -1,
                "--transactional-id", f"{topic}-perf", "--transaction-duration-ms", 100,
                "--producer-props", f"bootstrap.servers={suite.bootstrap}", timeout=300)
    assert f"{count} records sent" in text, text
    producer.transaction(topic, [["open"] * 5, ["open"] * 5], None)

    def read(level, more):
        text = ask("kafka-console-consumer", "--topic", topic, "--from-beginning", "--timeout-ms", 8000, "--isolation-level", level,
                   timeout=120)
        lines = text.splitlines()
        assert len(lines) == count + more, f"console consumer, {level}: {len(lines)} records, expected {count + more}"

    # They end when nothing more comes for a while.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, ("read_committed", "read_uncommitted"), (2, 2 + 4 + 10)))
    # It ends when it has seen as many; of the open transaction it sees nothing.
    with tempfile.NamedTemporaryFile("w", suffix=".properties") as config:
        config.write("isolation.level=read_committed\n")
        config.flush()
        text = ask("kafka-verifiable-consumer", "--topic", topic, "--group-id", topic, "--reset-policy", "earliest",
                   "--max-messages", count + 2, "--command-config", config.name)
    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    read = sum(event["count"] for event in events if event["name"] == "records_consumed")
    assert read == count + 2, f"verifiable consumer: {read} records, expected {count + 2}: {text[-600:]}"
    producer.abort()
    return f"{count:,} records"


def exhausted(suite, library, java):
    """The last epochs of a producer id: whoever comes then gets a new producer id, and a transaction that was open is aborted all the same."""
    topic = suite.topic(f"txn-exhausted-{library.library[-1]}")
    java.call("create", topic=topic, partitions=1)
    # 32767 is kept for aborting, so that 32766 is the last that a client sees.
    found = raw(suite, "exhaust", suite.bootstrap.split(":")[1], topic, 32_766 - 10)
    assert len(found["producerIds"]) == 1 and found["last"] == 32_766 - 11, found
    kept = []
    for turn in range(14):
        producer = library.producer(f"{topic}-{turn}", topic)
        for index in range(3):
            producer.transaction(topic, [[f"{turn}-{index}"]])
            kept.append(f"{turn}-{index}")
        producer.transaction(topic, [[f"{turn}-open"]], None)
    producer.abort()
    seen = java.read(topic, 1, "read_committed")
    assert seen == [kept], seen
    [row] = table(tool("kafka-transactions", "--bootstrap-server", suite.bootstrap, "describe", "--transactional-id", topic))
    assert int(row["ProducerId"]) not in found["producerIds"] and int(row["ProducerEpoch"]) < 100, f"{row} after {found}"
    return f"producer id {found['producerIds'][0]} and then {row['ProducerId']}"


def dump_transaction_log(suite):
    """The decoder of dump-log reads every record of the files of a stopped broker."""
    suite.broker.stop()
    try:
        return dump_files(suite)
    finally:
        suite.broker.start()


def dump_files(suite):
    files = sorted(file for file in suite.broker.data.glob("__transaction_state-*/*.log") if file.stat().st_size)
    assert files, "no partition of __transaction_state has a record"
    text = tool("kafka-dump-log", "--transaction-log-decoder", "--files", ",".join(map(str, files)), timeout=300)
    assert "isvalid: false" not in text and "Exception" not in text and "Could not" not in text, text[-1500:]
    records = re.findall(r'^\| offset: .* key: (\{"type":"0".*\}) payload: (\{"version":"1".*\})$', text, re.M)
    assert records and len(records) == text.count("\n| offset: "), f"{len(records)} of {text.count(chr(10) + '| offset: ')} records are read"
    last = {}
    for key, value in records:
        name = json.loads(key)["data"]["transactionalId"]
        status = STATUSES[json.loads(value)["data"]["transactionStatus"]]
        before = last.get(name)
        # What was decided is what becomes of it, whoever died in between.
        assert before not in DECIDED or status == DECIDED[before], f"{name}: {status} after {before}"
        last[name] = status
    undone = {name: status for name, status in last.items() if status in DECIDED}
    assert not undone, f"{len(undone)} transactions are still being ended: {sorted(undone.items())[:3]}"
    return f"{len(files)} files, {len(records):,} records of {len(last)} transactional ids"
