"""Consumer groups: clients of many kinds join and leave under load, and Kafka's own tools look at groups and change them."""

import importlib.util
import json
import queue
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import clients
from clients import HERE, NODE, tool

PARTITIONS = 8
# It hands out what it has fetched even when the partition is not its own any more, with Apache Kafka too.
AT_LEAST_ONCE = ("@platformatic/kafka",)


def libraries():
    """Name, command line (without bootstrap, topic, group, protocol), protocols, and what is missing."""
    python = [sys.executable, "-u", str(HERE / "group_members.py")]
    node = [NODE, "--disable-warning=ExperimentalWarning", str(HERE / "group-members.ts")]
    aiokafka = None if importlib.util.find_spec("aiokafka") else "aiokafka is not installed"
    return [
        ("Java", clients.java_argv("GroupMembers"), ["eager", "cooperative", "consumer"], clients.JAVA_CLIENT.missing),
        ("confluent-kafka", [*python, "confluent"], ["eager", "cooperative", "consumer"], clients.CONFLUENT.missing),
        ("aiokafka", [*python, "aiokafka"], ["eager"], aiokafka),
        ("kafkajs", [*node, "kafkajs"], ["eager"], clients.KAFKAJS.missing),
        ("@platformatic/kafka", [*node, "platformatic"], ["eager", "consumer"], clients.PLATFORMATIC.missing),
    ]


def run(suite):
    # They wait most of the time, each for its own group.
    with ThreadPoolExecutor(1 if suite.long else 3) as pool:
        checks = []
        for name, argv, protocols, missing in libraries():
            if missing:
                suite.skip(f"groups of {name}", missing)
                continue
            for protocol in protocols:
                checks.append((f"groups of {name}, {protocol}", pool.submit(hand_overs, suite, name, argv, protocol)))
        for title, future in checks:
            suite.check(title, future.result)
    if suite.has(clients.JAVA_CLIENT, "tools of groups"):
        server = ("--bootstrap-server", suite.bootstrap)
        suite.check("kafka-consumer-groups: list, describe, reset, delete", lambda: consumer_groups(suite, server))
        suite.check("kafka-verifiable-consumer", lambda: verifiable_consumer(suite))
        suite.check("kafka-consumer-perf-test", lambda: consumer_perf(suite))


class Members:
    """A process whose members join and leave on request; what they read is counted."""

    def __init__(self, argv, bootstrap, topic, group, protocol):
        self.process = subprocess.Popen(
            [*argv, bootstrap, topic, group, protocol], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=clients.ROOT)
        self.words = queue.Queue()
        self.reads = {}
        self.errors = []
        self.joined = set()
        self.left = set()
        self.problem = ""
        for stream in (self._follow, self._complain):
            threading.Thread(target=stream, daemon=True).start()

    def _follow(self):
        for line in self.process.stdout:
            word, *rest = line.split()
            if word == "r":
                key = (int(rest[1]), int(rest[2]))
                self.reads.setdefault(key, []).append(rest[0])
            elif word == "joined":
                self.joined.add(rest[0])
            elif word == "left":
                self.left.add(rest[0])
            elif word == "error":
                self.errors.append(" ".join(rest))

    def _complain(self):
        self.problem = self.process.stderr.read()

    def say(self, word, name):
        self.process.stdin.write(f"{word} {name}\n")
        self.process.stdin.flush()

    def wait(self, what, condition, seconds=40):
        until = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                time.sleep(0.2)
                raise AssertionError(f"{what}: the clients ended with {self.process.returncode}: {self.problem[-1500:]}")
            if time.monotonic() > until:
                raise AssertionError(f"{what}: not within {seconds} s; joined {sorted(self.joined)}, left {sorted(self.left)}, "
                                     f"{len(self.reads)} records, errors {self.errors[:3]}")
            time.sleep(0.02)

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the clients do not end") from None


class Load:
    """kafkajs writes to all partitions, a little at a time, until it is told to stop."""

    def __init__(self, bootstrap, topic, rate):
        argv = [NODE, "--disable-warning=ExperimentalWarning", str(HERE / "group-load.ts"), bootstrap, topic, str(PARTITIONS), str(rate)]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=clients.ROOT)

    def finish(self):
        """How many records each partition has."""
        out, _ = self.process.communicate("end\n", timeout=30)
        return {int(partition): count for partition, count in json.loads(out.splitlines()[-1]).items()}


def hand_overs(suite, name, argv, protocol):
    topic = suite.topic(f"group-{re.sub('[^a-z]', '', name)}-{protocol}")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": PARTITIONS}])
    load = Load(suite.bootstrap, topic, 2000 if suite.long else 500)
    members = Members(argv, suite.bootstrap, topic, f"g-{topic}", protocol)
    pause = 3 if suite.long else 0.7
    try:
        for size in [1, 3, 8, 4, 6, 2] if suite.long else [1, 4, 2]:
            here = sorted(members.joined - members.left)
            for number in range(size - len(here)):
                index = len(members.joined) + number
                members.say("join", f"m{index}")
            for one in here[size:]:
                members.say("leave", one)
            members.wait(f"{size} members", lambda size=size: len(members.joined - members.left) == size)
            seen = len(members.reads)
            members.wait("records flow", lambda seen=seen: len(members.reads) > seen + 50)
            time.sleep(pause)
        ends = load.finish()
        members.wait("every record", lambda: len(members.reads) >= sum(ends.values()))
        for one in sorted(members.joined - members.left):
            members.say("leave", one)
        members.wait("all leave", lambda: members.joined == members.left)
        members.end()
    finally:
        for process in (load.process, members.process):
            if process.poll() is None:
                process.kill()
    expected = {(partition, offset) for partition, count in ends.items() for offset in range(count)}
    missing = expected - set(members.reads)
    assert not missing, f"{len(missing)} records were not delivered: {sorted(missing)[:5]}"
    twice = {key: who for key, who in members.reads.items() if len(who) > 1}
    assert not twice or name in AT_LEAST_ONCE, f"{len(twice)} records twice: {sorted(twice.items())[:5]}"
    assert not members.errors, members.errors[:3]
    return f"{len(expected):,} records, {len(members.joined)} members{f', {len(twice)} records twice' if twice else ''}"


def consumer_groups(suite, server):
    topic = suite.topic("groups-tool")
    group = f"tool-{suite.run_id}"
    cell = {"topic": topic, "partitions": 2, "count": 100, "codec": "none", "acks": "all", "idempotence": False}
    clients.create_topics(suite.bootstrap, [cell])
    clients.single(clients.KAFKAJS, "produce", suite.bootstrap, cell)
    groups = lambda *words, **more: tool("kafka-consumer-groups", *server, *words, **more)
    # Offsets without members: an empty group.
    groups("--group", group, "--topic", topic, "--reset-offsets", "--to-earliest", "--execute")
    assert group in groups("--list").split()
    assert re.search(rf"{group}\s+Empty", groups("--list", "--state")), groups("--list", "--state")
    assert group in groups("--list", "--state", "Empty").split() and group not in groups("--list", "--state", "Stable").split()
    assert re.search(rf"{group}\s+(Classic|classic)", groups("--list", "--type")), groups("--list", "--type")
    text = groups("--describe", "--group", group, "--offsets")
    assert len(re.findall(rf"{group}\s+{topic}\s+[01]\s+\S*\s*0\s+100\s+100\s+-", text)) == 2, text
    members = Members(clients.java_argv("GroupMembers"), suite.bootstrap, topic, group, "consumer")
    try:
        members.say("join", "a")
        members.wait("the member reads", lambda: len(members.reads) == 200)
        text = groups("--describe", "--group", group, "--members", "--verbose")
        assert re.search(rf"{group}\s+\S+\s+/127.0.0.1\s+a\s+2\s", text) and topic in text, text
        text = groups("--describe", "--group", group, "--state")
        assert "Stable" in text and "uniform" in text, text
        assert re.search(rf"{group}\s+Consumer", groups("--list", "--type"), re.I), groups("--list", "--type")
        assert "not empty" in groups("--delete", "--group", group, ok=None)
        text = groups("--group", group, "--topic", topic, "--reset-offsets", "--to-earliest", "--execute", ok=None)
        assert "inactive" in text, text
        members.say("leave", "a")
        members.wait("the member leaves", lambda: members.left == {"a"})
        members.end()
    finally:
        if members.process.poll() is None:
            members.process.kill()
    text = groups("--describe", "--group", group, "--offsets")
    assert len(re.findall(rf"{topic}\s+[01]\s+\S*\s*100\s+100\s+0\s", text)) == 2, text
    groups("--group", group, "--topic", f"{topic}:1", "--reset-offsets", "--to-offset", 7, "--execute")
    assert re.search(rf"{topic}\s+1\s+\S*\s*7\s+100\s+93", groups("--describe", "--group", group, "--offsets"))
    groups("--delete-offsets", "--group", group, "--topic", f"{topic}:0")
    assert not re.search(rf"{topic}\s+0\s+\S*\s*100\s", groups("--describe", "--group", group, "--offsets"))
    groups("--delete", "--group", group)
    assert group not in groups("--list").split()


def verifiable_consumer(suite):
    topic = suite.topic("verifiable-consumer")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": 3}])
    tool("kafka-verifiable-producer", "--bootstrap-server", suite.bootstrap, "--topic", topic, "--max-messages", 1000)
    for protocol in ("classic", "consumer"):
        text = tool("kafka-verifiable-consumer", "--bootstrap-server", suite.bootstrap, "--topic", topic, "--group-id",
                    f"verifiable-{protocol}-{suite.run_id}", "--group-protocol", protocol, "--reset-policy", "earliest",
                    "--max-messages", 1000)
        events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        read = sum(event["count"] for event in events if event["name"] == "records_consumed")
        assert read == 1000, f"{protocol}: {read} records: {text[-600:]}"
        assert all(event["success"] for event in events if event["name"] == "offsets_committed"), text[-600:]


def consumer_perf(suite):
    topic = suite.topic("consumer-perf")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": 3}])
    count = 500_000 if suite.long else 50_000
    tool("kafka-producer-perf-test", "--topic", topic, "--num-records", count, "--record-size", 100, "--throughput", -1,
         "--producer-props", f"bootstrap.servers={suite.bootstrap}", timeout=300)
    text = tool("kafka-consumer-perf-test", "--bootstrap-server", suite.bootstrap, "--topic", topic, "--messages", count,
                "--timeout", 30000, timeout=300)
    read = int(float(text.strip().splitlines()[-1].split(", ")[4]))
    assert read >= count, text
    return f"{read:,} records"
