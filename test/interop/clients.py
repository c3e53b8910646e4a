"""The clients of the suite, each a program that reads jobs and answers one line of JSON a job, and Kafka's own tools."""

import hashlib
import importlib.util
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / ".build" / "interop"
JAVA = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
NODE = str(ROOT / "node_modules/.bin/node")

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def java_argv(main, libs="libs", heap="-Xmx512M"):
    classes = f"{WORK / 'classes'}:{WORK / libs}/*"
    return [JAVA, heap, "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}", "-cp", classes, main]


class JobClient:
    """A client that takes `command bootstrap jobs.json`. `codecs` are those it can write, empty if it only reads."""

    def __init__(self, name, argv, codecs, reads, missing):
        self.name = name
        self.argv = argv
        self.codecs = codecs
        self.reads = reads
        self.missing = missing

    def run(self, command, bootstrap, cells, timeout):
        """The answers, one a cell; a cell without an answer gets an error."""
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as jobs:
            json.dump(cells, jobs)
        try:
            done = subprocess.run(
                self.argv(command) + [bootstrap, jobs.name], capture_output=True, timeout=timeout, check=False, cwd=ROOT)
            lines, problem = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace").strip()
        except subprocess.TimeoutExpired as slow:
            lines, problem = (slow.stdout or b"").decode(errors="replace"), f"no end within {timeout} s"
        finally:
            os.unlink(jobs.name)
        answers = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
        for cell in cells[len(answers):]:
            answers.append({"topic": cell["topic"], "error": f"no answer: {problem[-800:]}", "seconds": 0})
        return answers


class Kcat:
    """kcat reads raw bytes with lengths, so that its output needs no quoting."""

    name = "kcat"
    codecs = []
    reads = True

    def __init__(self):
        self.missing = None if shutil.which("kcat") else "kcat is not installed"

    def run(self, command, bootstrap, cells, timeout):
        assert command == "consume"
        return [self._consume(bootstrap, cell, timeout) for cell in cells]

    @staticmethod
    def _consume(bootstrap, cell, timeout):
        argv = ["timeout", str(timeout), "kcat", "-C", "-b", bootstrap, "-t", cell["topic"], "-o", "beginning", "-e", "-q",
                "-X", "fetch.wait.max.ms=100", "-f", "%p %o %K %S\n%k%s"]
        digests = [{"sha": hashlib.sha256(), "count": 0, "first": -1, "last": -1, "gaps": 0} for _ in range(cell["partitions"])]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while line := process.stdout.readline():
                partition, offset, key, value = map(int, line.split())
                body = process.stdout.read(key + value)
                digest = digests[partition]
                if digest["count"] == 0:
                    digest["first"] = offset
                elif offset != digest["last"] + 1:
                    digest["gaps"] += 1
                digest["count"] += 1
                digest["last"] = offset
                digest["sha"].update(struct.pack(">i", key) + body[:key] + struct.pack(">i", value) + body[key:])
            problem = process.stderr.read().decode(errors="replace").strip()
        if process.returncode:
            return {"topic": cell["topic"], "seconds": 0, "error": f"kcat ended with {process.returncode}: {problem[-400:]}"}
        partitions = {str(p): {**d, "sha": d["sha"].hexdigest()} for p, d in enumerate(digests)}
        return {"topic": cell["topic"], "seconds": 0, "partitions": partitions}


def confluent_missing():
    return None if importlib.util.find_spec("confluent_kafka") else "confluent-kafka is not installed"


def java_missing():
    if not shutil.which(JAVA) or not (WORK / "classes" / "InteropClient.class").exists() or not (WORK / "libs-tools").is_dir():
        return "no JDK 17 with Maven"
    return None


def node_missing(package):
    return None if (ROOT / "node_modules" / package).is_dir() else f"{package} is not installed"


def node_argv(library):
    return lambda command: [NODE, "--disable-warning=ExperimentalWarning", str(HERE / "node-client.ts"), command, library]


CONFLUENT = JobClient(
    "confluent-kafka", lambda command: [sys.executable, str(HERE / "confluent_client.py"), command], CODECS, True, confluent_missing())
JAVA_CLIENT = JobClient("Java", lambda command: [*java_argv("InteropClient"), command], CODECS, True, java_missing())
KAFKAJS = JobClient("kafkajs", node_argv("kafkajs"), ["none", "gzip"], False, node_missing("kafkajs"))
PLATFORMATIC = JobClient(
    "@platformatic/kafka", node_argv("platformatic"), CODECS, True, node_missing("@platformatic/kafka"))
KCAT = Kcat()

PRODUCERS = [CONFLUENT, JAVA_CLIENT, KAFKAJS, PLATFORMATIC]
CONSUMERS = [CONFLUENT, JAVA_CLIENT, PLATFORMATIC, KCAT]


def single(client, command, bootstrap, cell, timeout=120):
    """One job; raises with the client's words when it failed."""
    [answer] = client.run(command, bootstrap, [cell], timeout)
    if "error" in answer:
        raise AssertionError(f"{client.name} {command}: {answer['error']}")
    return answer


def create_topics(bootstrap, cells):
    """Creates the topics of the cells with kafkajs, which is always there."""
    for answer in KAFKAJS.run("create", bootstrap, cells, 120):
        if "error" in answer:
            raise AssertionError(f"create {answer['topic']}: {answer['error']}")


def delete_topics(bootstrap, topics):
    for answer in KAFKAJS.run("remove", bootstrap, [{"topic": topic} for topic in topics], 120):
        if "error" in answer:
            raise AssertionError(f"delete {answer['topic']}: {answer['error']}")


T = "org.apache.kafka.tools"
TOOLS = {
    "kafka-broker-api-versions": f"{T}.BrokerApiVersionsCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": f"{T}.consumer.ConsoleConsumer",
    "kafka-consumer-groups": f"{T}.consumer.group.ConsumerGroupCommand",
    "kafka-consumer-perf-test": f"{T}.ConsumerPerformance",
    "kafka-delete-records": f"{T}.DeleteRecordsCommand",
    "kafka-dump-log": f"{T}.DumpLogSegments",
    "kafka-get-offsets": f"{T}.GetOffsetShell",
    "kafka-producer-perf-test": f"{T}.ProducerPerformance",
    "kafka-topics": f"{T}.TopicCommand",
    "kafka-transactions": f"{T}.TransactionsCommand",
    "transactional-message-copier": f"{T}.TransactionalMessageCopier",
    "kafka-verifiable-consumer": f"{T}.VerifiableConsumer",
    "kafka-verifiable-producer": f"{T}.VerifiableProducer",
}


def tool(name, *arguments, timeout=120, ok=True):
    """
    Runs one of Kafka's command lines and returns what it printed, its complaints too where it is to fail; raises when its exit code is not
    the one expected (None: any).
    """
    # What loads client classes of the tool's own package runs on the newest client; see pom.xml.
    libs = "libs" if name.endswith(("-perf-test", "-verifiable-producer", "-verifiable-consumer")) else "libs-tools"
    done = subprocess.run(
        java_argv(TOOLS[name], libs) + [str(a) for a in arguments], capture_output=True, timeout=timeout, check=False)
    text = done.stdout.decode(errors="replace")
    problem = done.stderr.decode(errors="replace")
    if ok is not None and ok != (done.returncode == 0):
        raise AssertionError(f"{name} ended with {done.returncode}: {text[-600:]} {problem[-600:]}")
    return text if ok is not False else text + problem
