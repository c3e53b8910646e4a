"""
Transactional clients of every library behind one set of requests, so that a check is written once. A transactor is a process that reads
a line of JSON for each request and answers each with one; see java/Transactor.java and transactor.ts. This file is also the process for
confluent-kafka and aiokafka: transactor.py LIBRARY BOOTSTRAP.

  open name id [timeout]      a producer, initialized        begin, commit, abort, close name
  send name records           [[topic, partition, value], …], answered when all are acknowledged
  offsets name group topic partition offset [member generation]
  read topic partitions isolation       the values of each partition up to the end that the isolation level sees
  committed group topic partition isolation
  create topic partitions, fence id, level (of transaction.version)         by the admin client (Java)
"""

import asyncio
import itertools
import json
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

SECONDS = 60


class Refused(Exception):
    """What a client answered instead: `error` names it as the library does."""

    def __init__(self, error, message):
        super().__init__(f"{error}: {message}")
        self.error = error


class Transactor:
    """A process of one library. Its requests may come from several threads."""

    def __init__(self, library, argv, bootstrap):
        self.library = library
        self._process = subprocess.Popen(
            [*argv, bootstrap], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        self._numbers = itertools.count()
        self._waiting = {}
        self._lock = threading.Lock()
        self._problem = []
        for body in (self._follow, self._complain):
            threading.Thread(target=body, daemon=True).start()

    def _follow(self):
        for line in self._process.stdout:
            if line.startswith("{"):
                answer = json.loads(line)
                self._waiting.pop(answer.pop("n")).set_result(answer)
        for future in list(self._waiting.values()):
            future.set_exception(AssertionError(f"the {self.library} process ended: {''.join(self._problem)[-800:]}"))

    def _complain(self):
        for line in self._process.stderr:
            self._problem = [*self._problem[-50:], line]

    def call(self, request, **more):
        """The answer; raises Refused when it is an error."""
        future = Future()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = future
            self._process.stdin.write(json.dumps({"n": number, "do": request, **more}) + "\n")
            self._process.stdin.flush()
        try:
            answer = future.result(SECONDS)
        except TimeoutError:
            raise AssertionError(f"{self.library} does not answer {request} {more} within {SECONDS} s") from None
        if "error" in answer:
            raise Refused(answer["error"], answer.get("message", ""))
        return answer

    def producer(self, name, transactional_id, **more):
        """Opens a producer; what it can do are its methods."""
        self.call("open", name=name, id=transactional_id, **more)
        return Producer(self, name)

    def read(self, topic, partitions, isolation):
        answer = self.call("read", topic=topic, partitions=partitions, isolation=isolation)
        return [answer.get(str(partition), []) for partition in range(partitions)]

    def end(self):
        self._process.kill()
        self._process.wait()


class Producer:
    def __init__(self, transactor, name):
        self.library = transactor.library
        self._transactor = transactor
        self._name = name

    def __getattr__(self, request):
        return lambda **more: self._transactor.call(request, name=self._name, **more)

    def send(self, topic, partition, values):
        self._transactor.call("send", name=self._name, records=[[topic, partition, value] for value in values])

    def transaction(self, topic, values, end="commit"):
        """One transaction: `values` to each partition, which are a list of lists."""
        self.begin()
        for partition, some in enumerate(values):
            self.send(topic, partition, some)
        if end:
            self._transactor.call(end, name=self._name)


class Confluent:
    """librdkafka. Its calls block, so each request has a thread."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.producers = {}

    def run(self, request):
        from confluent_kafka import KafkaError, KafkaException

        try:
            return getattr(self, request["do"])(**{k: v for k, v in request.items() if k not in ("n", "do")}) or {}
        except KafkaException as failed:
            error = failed.args[0]
            kinds = [kind for kind, isit in (
                ("fatal", error.fatal()), ("retriable", error.retriable()), ("abortable", error.txn_requires_abort())) if isit]
            names = [name for name in dir(KafkaError) if getattr(KafkaError, name) == error.code()]
            return {"error": " ".join([*names, *kinds]), "message": error.str()}

    def open(self, name, id, timeout=60_000):
        from confluent_kafka import Producer

        producer = Producer({
            "bootstrap.servers": self.bootstrap, "transactional.id": id, "transaction.timeout.ms": timeout, "linger.ms": 0, "log_level": 0,
            "error_cb": lambda _error: None})
        producer.init_transactions(20)
        self.producers[name] = producer

    def begin(self, name):
        self.producers[name].begin_transaction()

    def send(self, name, records):
        from confluent_kafka import KafkaException

        failures = []
        for topic, partition, value in records:
            self.producers[name].produce(
                topic, value.encode(), partition=partition,
                on_delivery=lambda error, _message: failures.append(error) if error is not None else None)
        try:
            self.producers[name].flush(30)
        except SystemError:
            # A fatal error leaves an exception behind in its thread now and then, which whatever is called next is said to have raised.
            if not failures:
                raise
        if failures:
            raise KafkaException(failures[0])

    def offsets(self, name, group, topic, partition, offset):
        from confluent_kafka import Consumer, TopicPartition

        # The metadata of the group come from a consumer of it.
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        offsets = [TopicPartition(topic, partition, offset)]
        self.producers[name].send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 20)
        consumer.close()

    def commit(self, name):
        self.producers[name].commit_transaction(20)

    def abort(self, name):
        self.producers[name].abort_transaction(20)

    def close(self, name):
        del self.producers[name]

    def read(self, topic, partitions, isolation):
        from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

        values = [[] for _ in range(partitions)]
        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "interop", "enable.auto.commit": False, "isolation.level": isolation,
            "enable.partition.eof": True, "fetch.wait.max.ms": 100, "auto.offset.reset": "error"})
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
        ended = set()
        while len(ended) < partitions:
            for message in consumer.consume(1000, 0.1):
                error = message.error()
                if error is None:
                    values[message.partition()].append(message.value().decode())
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                else:
                    raise KafkaException(error)
        consumer.close()
        return {str(partition): some for partition, some in enumerate(values)}


class Aio:
    """aiokafka, a client in Python of its own."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.producers = {}

    async def run(self, request):
        from aiokafka.errors import KafkaError

        try:
            return await getattr(self, request["do"])(**{k: v for k, v in request.items() if k not in ("n", "do")}) or {}
        except (KafkaError, AssertionError) as failed:
            return {"error": type(failed).__name__, "message": str(failed)}

    async def open(self, name, id, timeout=60_000):
        from aiokafka import AIOKafkaProducer

        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, transactional_id=id, transaction_timeout_ms=timeout, linger_ms=0, client_id=name)
        await producer.start()
        self.producers[name] = producer

    async def begin(self, name):
        await self.producers[name].begin_transaction()

    async def send(self, name, records):
        producer = self.producers[name]
        sent = [await producer.send(topic, value.encode(), partition=partition) for topic, partition, value in records]
        for one in sent:
            await one

    async def offsets(self, name, group, topic, partition, offset):
        from aiokafka import TopicPartition

        await self.producers[name].send_offsets_to_transaction({TopicPartition(topic, partition): offset}, group)

    async def commit(self, name):
        await self.producers[name].commit_transaction()

    async def abort(self, name):
        await self.producers[name].abort_transaction()

    async def close(self, name):
        await self.producers.pop(name).stop()

    async def read(self, topic, partitions, isolation):
        from aiokafka import AIOKafkaConsumer, TopicPartition

        values = [[] for _ in range(partitions)]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, isolation_level=isolation, fetch_max_wait_ms=100)
        await consumer.start()
        try:
            assigned = [TopicPartition(topic, partition) for partition in range(partitions)]
            consumer.assign(assigned)
            await consumer.seek_to_beginning(*assigned)
            ends = await consumer.end_offsets(assigned)
            # The end of read_committed is known only from what is fetched.
            quiet = 0
            while quiet < 3 and any([await consumer.position(one) < ends[one] for one in assigned]):
                some = await consumer.getmany(timeout_ms=300)
                quiet = 0 if some else quiet + 1
                for one, records in some.items():
                    values[one.partition] += [record.value.decode() for record in records]
        finally:
            await consumer.stop()
        return {str(partition): some for partition, some in enumerate(values)}


def say(request, answer):
    sys.stdout.write(json.dumps({"n": request["n"], **answer}) + "\n")
    sys.stdout.flush()


def serve_threads(library):
    pools = {}

    def work(request):
        try:
            say(request, library.run(request))
        except Exception as failed:
            say(request, {"error": type(failed).__name__, "message": str(failed)})

    for line in sys.stdin:
        request = json.loads(line)
        name = request.get("name", request["n"])
        pools.setdefault(name, ThreadPoolExecutor(1)).submit(work, request)


async def serve_tasks(library):
    last = {}
    loop = asyncio.get_running_loop()

    async def work(request, before):
        if before:
            await before
        try:
            say(request, await library.run(request))
        except Exception as failed:
            say(request, {"error": type(failed).__name__, "message": str(failed)})

    while line := await loop.run_in_executor(None, sys.stdin.readline):
        request = json.loads(line)
        name = request.get("name", request["n"])
        last[name] = asyncio.create_task(work(request, last.get(name)))


if __name__ == "__main__":
    if sys.argv[1] == "confluent":
        serve_threads(Confluent(sys.argv[2]))
    else:
        asyncio.run(serve_tasks(Aio(sys.argv[2])))
