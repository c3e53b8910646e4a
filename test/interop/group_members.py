"""Members of one consumer group in confluent-kafka or aiokafka: LIBRARY BOOTSTRAP TOPIC GROUP PROTOCOL. As java/GroupMembers.java."""

import asyncio
import sys
import threading

library, bootstrap, topic, group, protocol = sys.argv[1:6]
lock = threading.Lock()


def say(*words):
    with lock:
        print(*words, flush=True)


def lines():
    for line in sys.stdin:
        word, name = line.split()
        yield word, name


class ConfluentMember(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name)
        self.leaving = False
        self.joined = False

    def run(self):
        from confluent_kafka import Consumer
        config = {
            "bootstrap.servers": bootstrap, "group.id": group, "client.id": self.name, "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50, "group.protocol": "consumer" if protocol == "consumer" else "classic",
        }
        if protocol != "consumer":
            strategy = "cooperative-sticky" if protocol == "cooperative" else "range"
            config |= {"partition.assignment.strategy": strategy, "heartbeat.interval.ms": 500, "session.timeout.ms": 10000}
        consumer = Consumer(config)
        position = {}

        def commit(consumer, partitions):
            from confluent_kafka import TopicPartition
            done = [TopicPartition(topic, p.partition, position[p.partition]) for p in partitions if p.partition in position]
            if done:
                consumer.commit(offsets=done, asynchronous=False)
            for p in partitions:
                position.pop(p.partition, None)

        def revoked(consumer, partitions):
            commit(consumer, partitions)

        def assigned(_consumer, partitions):
            if partitions and not self.joined:
                self.joined = True
                say("joined", self.name)

        try:
            consumer.subscribe([topic], on_assign=assigned, on_revoke=revoked)
            while not self.leaving:
                for message in consumer.consume(200, 0.05):
                    if message.error():
                        say("error", self.name, message.error())
                        continue
                    position[message.partition()] = message.offset() + 1
                    say("r", self.name, message.partition(), message.offset())
            commit(consumer, consumer.assignment())
            consumer.close()
        except Exception as failed:
            say("error", self.name, repr(failed))
        say("left", self.name)


def confluent():
    members = {}
    for word, name in lines():
        if word == "join":
            members[name] = ConfluentMember(name)
            members[name].start()
        else:
            members[name].leaving = True
    for member in members.values():
        member.leaving = True
        member.join(20)


async def aio_member(name, leaving):
    from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group, client_id=name, enable_auto_commit=False, auto_offset_reset="earliest",
        heartbeat_interval_ms=500, session_timeout_ms=10000, fetch_max_wait_ms=50)

    class Listener(ConsumerRebalanceListener):
        async def on_partitions_revoked(self, revoked):
            if revoked:
                await consumer.commit()

        async def on_partitions_assigned(self, assigned):
            if assigned:
                say("joined", name)

    try:
        consumer.subscribe([topic], listener=Listener())
        await consumer.start()
        while not leaving.is_set():
            for batch in (await consumer.getmany(timeout_ms=50, max_records=200)).values():
                for record in batch:
                    say("r", name, record.partition, record.offset)
        await consumer.commit()
        await consumer.stop()
    except Exception as failed:
        say("error", name, repr(failed))
    say("left", name)


async def aio():
    loop = asyncio.get_running_loop()
    tasks = {}
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        word, name = line.split()
        if word == "join":
            leaving = asyncio.Event()
            tasks[name] = (leaving, asyncio.create_task(aio_member(name, leaving)))
        else:
            tasks[name][0].set()
    for leaving, task in tasks.values():
        leaving.set()
        await asyncio.wait_for(task, 20)


if library == "confluent":
    confluent()
else:
    asyncio.run(aio())
