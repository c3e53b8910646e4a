"""Kafka's own command lines, unchanged, and its dump-log on the files that the broker leaves."""

import json
import pathlib
import re
import subprocess
import tempfile
import time

import clients
from clients import tool


FILES_AT_ONCE = 300


def run(suite):
    if not suite.has(clients.JAVA_CLIENT, "tools"):
        return
    server = ("--bootstrap-server", suite.bootstrap)
    topic = suite.topic("tools")
    suite.check("kafka-broker-api-versions", lambda: api_versions(server))
    suite.check("kafka-topics: create, list, describe, alter", lambda: topics(server, topic))
    suite.check("kafka-topics: what Kafka refuses", lambda: refused(server, topic))
    suite.check("kafka-producer-perf-test", lambda: perf(suite, topic))
    suite.check("kafka-verifiable-producer", lambda: verifiable(suite))
    suite.check("kafka-get-offsets: latest, earliest, largest timestamp, by time", lambda: offsets(server, topic))
    suite.check("kafka-delete-records", lambda: delete_records(server, topic))
    suite.check("kafka-configs: describe topic and broker", lambda: configs(server, topic))
    suite.check("kafka-configs: alter topics, groups and brokers", lambda: alter_configs(suite, server, topic))
    suite.check("kafka-topics: delete", lambda: delete_topic(server, topic))
    if suite.controls_broker("kafka-dump-log"):
        suite.check("kafka-dump-log on every file after a clean stop", lambda: dump_stopped(suite))
        suite.check("kafka-dump-log --cluster-metadata-decoder", lambda: dump_metadata(suite))


def api_versions(server):
    text = tool("kafka-broker-api-versions", *server)
    for name in ("Produce(0)", "Fetch(1)", "ListOffsets(2)", "Metadata(3)", "ApiVersions(18)", "CreateTopics(19)"):
        assert name in text, f"{name} is missing: {text[:1500]}"


def topics(server, topic):
    tool("kafka-topics", *server, "--create", "--topic", topic, "--partitions", 3, "--replication-factor", 1,
         "--config", "segment.bytes=1048576", "--config", "index.interval.bytes=1024")
    assert topic in tool("kafka-topics", *server, "--list").split()
    text = tool("kafka-topics", *server, "--describe", "--topic", topic)
    assert "PartitionCount: 3" in text and "ReplicationFactor: 1" in text, text
    assert "segment.bytes=1048576" in text and "index.interval.bytes=1024" in text, text
    assert len(re.findall(r"Partition: \d\tLeader: 1\tReplicas: 1\tIsr: 1", text)) == 3, text
    tool("kafka-topics", *server, "--alter", "--topic", topic, "--partitions", 5)
    assert "PartitionCount: 5" in tool("kafka-topics", *server, "--describe", "--topic", topic)


def refused(server, topic):
    again = tool("kafka-topics", *server, "--create", "--topic", topic, ok=False)
    assert "already exists" in again, again
    tool("kafka-topics", *server, "--create", "--topic", topic, "--if-not-exists")
    fewer = tool("kafka-topics", *server, "--alter", "--topic", topic, "--partitions", 2, ok=False)
    assert "currently has 5 partition" in fewer and "would not be an increase" in fewer, fewer
    name = tool("kafka-topics", *server, "--create", "--topic", "not a name", ok=False)
    assert "invalid" in name.lower() or "illegal" in name.lower(), name
    config = tool("kafka-topics", *server, "--create", "--topic", f"{topic}-x", "--config", "retention.ms=often", ok=False)
    assert "retention.ms" in config, config
    tool("kafka-topics", *server, "--create", "--topic", f"{topic}-x", "--replication-factor", 3, ok=False)
    tool("kafka-topics", *server, "--delete", "--topic", f"{topic}-absent", ok=False)


def perf(suite, topic):
    count = 1_000_000 if suite.long else 50_000
    text = tool("kafka-producer-perf-test", "--topic", topic, "--num-records", count, "--record-size", 200, "--throughput", -1,
                "--producer-props", f"bootstrap.servers={suite.bootstrap}", "compression.type=lz4", timeout=600)
    assert f"{count} records sent" in text, text
    return text.strip().splitlines()[-1].split(", ")[1]


def verifiable(suite):
    topic = suite.topic("verifiable")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": 2}])
    text = tool("kafka-verifiable-producer", "--bootstrap-server", suite.bootstrap, "--topic", topic, "--max-messages", 2000,
                "--acks", -1)
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert lines[-1]["name"] == "tool_data" and lines[-1]["sent"] == lines[-1]["acked"] == 2000, lines[-1]


def ends(text):
    return {int(p): int(o) for _, p, o in (line.rsplit(":", 2) for line in text.split() if line.count(":") == 2)}


def offsets(server, topic):
    get = lambda time_: ends(tool("kafka-get-offsets", *server, "--topic", topic, "--time", time_))
    latest, earliest, largest = get(-1), get(-2), get(-3)
    assert sum(latest.values()) >= 50_000 and len(latest) == 5, latest
    assert set(earliest.values()) == {0}, earliest
    assert all(largest[p] < latest[p] for p in largest), f"{largest} {latest}"
    assert get(0) == earliest
    # A partition without a record so late is answered with the end (older tools) or not at all.
    future = get(int(time.time() * 1000) + 3_600_000)
    assert all(future[p] == latest[p] for p in future), future


def delete_records(server, topic):
    before = ends(tool("kafka-get-offsets", *server, "--topic", topic, "--time", -1))
    wanted = {p: min(1000 + p, end) for p, end in before.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"version": 1, "partitions": [
            {"topic": topic, "partition": p, "offset": o if p else -1} for p, o in wanted.items()]}, file)
        file.flush()
        text = tool("kafka-delete-records", *server, "--offset-json-file", file.name)
    wanted[0] = before[0]
    for partition, offset in wanted.items():
        assert f"partition: {topic}-{partition}\tlow_watermark: {offset}" in text, text
    assert ends(tool("kafka-get-offsets", *server, "--topic", topic, "--time", -2)) == wanted


def configs(server, topic):
    text = tool("kafka-configs", *server, "--describe", "--entity-type", "topics", "--entity-name", topic)
    assert "segment.bytes=1048576" in text and "DYNAMIC_TOPIC_CONFIG" in text, text
    text = tool("kafka-configs", *server, "--describe", "--entity-type", "topics", "--entity-name", topic, "--all")
    assert "cleanup.policy=delete" in text and "retention.ms=604800000" in text, text[:2000]
    assert len(re.findall(r"^\s+[a-z.]+=", text, re.M)) >= 30, f"{len(text.splitlines())} lines"
    text = tool("kafka-configs", *server, "--describe", "--entity-type", "brokers", "--entity-name", 1, "--all")
    assert "log.retention.hours=168" in text and "num.partitions=" in text, text[:2000]
    assert len(re.findall(r"^\s+[a-z0-9._]+=", text, re.M)) >= 200, f"{len(text.splitlines())} lines"


def alter_configs(suite, server, topic):
    def shown(kind, *name):
        return tool("kafka-configs", *server, "--describe", "--entity-type", kind, *name)

    def alter(kind, name, *words, ok=True):
        return tool("kafka-configs", *server, "--alter", "--entity-type", kind, *name, *words, ok=ok)

    a_topic = ("--entity-name", topic)
    alter("topics", a_topic, "--add-config", "retention.ms=5000000,cleanup.policy=[compact,delete]")
    text = shown("topics", *a_topic)
    assert "retention.ms=5000000" in text and "cleanup.policy=compact,delete" in text and "segment.bytes=1048576" in text, text
    wrong = alter("topics", a_topic, "--add-config", "retention.ms=often", ok=False)
    assert "InvalidConfigurationException" in wrong and "Not a number of type LONG" in wrong, wrong
    assert "does not exist" in alter("topics", ("--entity-name", f"{topic}-absent"), "--add-config", "retention.ms=1", ok=False)
    alter("topics", a_topic, "--delete-config", "retention.ms,cleanup.policy")
    text = shown("topics", *a_topic)
    assert "retention.ms" not in text and "segment.bytes=1048576" in text, text

    a_group = ("--entity-name", f"configured-{suite.run_id}")
    alter("groups", a_group, "--add-config", "consumer.session.timeout.ms=50000,consumer.heartbeat.interval.ms=6000")
    text = shown("groups", *a_group)
    assert "consumer.session.timeout.ms=50000" in text and "DYNAMIC_GROUP_CONFIG" in text, text
    low = alter("groups", a_group, "--add-config", "consumer.session.timeout.ms=1", ok=False)
    assert "must be in the range 45000 to 60000 inclusive" in low, low
    alter("groups", a_group, "--delete-config", "consumer.session.timeout.ms,consumer.heartbeat.interval.ms")
    assert "DYNAMIC_GROUP_CONFIG:consumer" not in shown("groups", *a_group)

    one, all_ = ("--entity-name", 1), ("--entity-default",)
    alter("brokers", all_, "--add-config", "log.retention.ms=5000000,message.max.bytes=2000000")
    alter("brokers", one, "--add-config", "log.retention.ms=6000000")
    text = shown("brokers", *one)
    assert re.search(r"log.retention.ms=6000000 .*DYNAMIC_BROKER_CONFIG:log.retention.ms=6000000, "
                     r"DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=5000000", text), text
    assert "message.max.bytes=2000000" in shown("brokers", *all_)
    text = tool("kafka-configs", *server, "--describe", "--entity-type", "topics", *a_topic, "--all")
    assert "retention.ms=6000000" in text and "max.message.bytes=2000000" in text, text[:2000]
    fixed = alter("brokers", one, "--add-config", "node.id=7", ok=False)
    assert "Cannot update these configs dynamically" in fixed, fixed
    alter("brokers", one, "--delete-config", "log.retention.ms")
    alter("brokers", all_, "--delete-config", "log.retention.ms,message.max.bytes")
    assert "log.retention.ms=" not in shown("brokers", *one)


def delete_topic(server, topic):
    tool("kafka-topics", *server, "--delete", "--topic", topic)
    assert topic not in tool("kafka-topics", *server, "--list").split()


def dump_stopped(suite):
    """Stops the broker, lets dump-log read every file of every log, starts it again."""
    # Something to read, whatever ran before: several segments, a producer, deleted records.
    topic = suite.topic(f"dump-{int(time.monotonic() * 1000)}")
    cell = {"topic": topic, "partitions": 2, "count": 20_000, "codec": "none", "acks": "all", "idempotence": True,
            "config": {"segment.bytes": "1048576", "index.interval.bytes": "1024"}}
    clients.create_topics(suite.bootstrap, [cell])
    clients.single(clients.JAVA_CLIENT, "produce", suite.bootstrap, cell)
    suite.broker.stop()
    try:
        files = [f for d in suite.broker.data.iterdir() if d.is_dir() and re.search(r"-\d+$", d.name) and d.name != "__cluster_metadata-0"
                 for f in sorted(d.iterdir())]
        return ", ".join([
            dump(files, ".log", "--deep-iteration"), dump(files, ".index", "--verify-index-only"),
            dump(files, ".timeindex", "--verify-index-only"), dump(files, ".snapshot")])
    finally:
        suite.broker.start()


def dump(files, suffix, *options):
    chosen = [str(f) for f in files if f.suffix == suffix]
    if suffix in (".index", ".timeindex"):
        # dump-log cannot map a file of length zero; an empty index next to a small segment is what Kafka leaves too.
        chosen = [f for f in chosen if pathlib.Path(f).stat().st_size > 0]
    assert chosen, f"there is no {suffix} file"
    # A command line has a limit; after many kills there are thousands of segments.
    parts = [chosen[at:at + FILES_AT_ONCE] for at in range(0, len(chosen), FILES_AT_ONCE)]
    batches = sum(dump_some(part, suffix, *options) for part in parts)
    return f"{len(chosen)} {suffix}{f' ({batches:,} batches)' if batches else ''}"


def dump_some(chosen, suffix, *options):
    """Lets dump-log read files of one kind; returns how many batches it saw."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        argv = clients.java_argv(clients.TOOLS["kafka-dump-log"], "libs-tools") + [*options, "--files", ",".join(chosen)]
        done = subprocess.run(argv, stdout=out, stderr=err, timeout=600, check=False)
        err.seek(0)
        problem = err.read().decode(errors="replace")
        assert done.returncode == 0, f"dump-log {suffix} ended with {done.returncode}: {problem[-1500:]}"
        # A deep iteration of a log that does not start at 0 says of its first record that -1 comes before.
        odd = [line for line in problem.splitlines()
               if not line.startswith("Non-consecutive offsets in ") and not line.strip().startswith("-1 is followed by ")]
        assert not odd, problem[-1500:]
        out.seek(0)
        batches = dumped = 0
        for raw in out:
            if raw.startswith(b"Dumping "):
                dumped += 1
            elif raw.startswith(b"baseOffset:"):
                batches += 1
                assert b"isvalid: true" in raw, raw.decode()[:500]
            else:
                for bad in (b"Found timestamp mismatch", b"Found out of order", b"Non-sequential offsets", b"Mismatches in",
                            b"mismatch", b"isvalid: false", b"Exception", b"isn't a log file", b"Could not"):
                    assert bad not in raw, raw.decode(errors="replace")[:500]
    assert dumped == len(chosen), f"{dumped} of {len(chosen)} files dumped"
    return batches


def dump_metadata(suite):
    folder = suite.broker.data / "__cluster_metadata-0"
    logs = sorted(folder.glob("*.log"))
    snapshots = sorted(folder.glob("*.checkpoint"))
    assert logs, f"{folder} holds no log"
    kinds = set()
    for file in [*logs, *snapshots]:
        text = tool("kafka-dump-log", "--cluster-metadata-decoder", "--files", file)
        assert "isvalid: true" in text and "isvalid: false" not in text, text[:1500]
        assert "Error" not in text and "Exception" not in text and "Could not" not in text, text[-1500:]
        kinds |= set(re.findall(r'"type":"([A-Z_]+)"', text))
    for kind in ("FEATURE_LEVEL_RECORD", "REGISTER_BROKER_RECORD", "TOPIC_RECORD", "PARTITION_RECORD"):
        assert kind in kinds, f"{kind} is missing: {sorted(kinds)}"
    return f"{len(logs)} logs, {len(snapshots)} snapshots, {len(kinds)} kinds of records"
