"""The load of a real client: librdkafka by confluent-kafka, with its defaults and acks=all. Started by clients.ts.

client.py produce BOOTSTRAP TOPIC RECORDS SIZE CODEC     client.py consume BOOTSTRAP TOPIC PARTITIONS RECORDS

Prints how many bytes of values were acknowledged or read, and in how many seconds.
"""

import random
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition


def value(seed, size):
    """Text as events are, as in batches.ts."""
    draw = random.Random(seed)
    text = ""
    while len(text) < size:
        text += '{"id":"%x","user":%d,"amount":%.2f,"kind":"order","ok":true},' % (
            draw.randrange(2**31),
            draw.randrange(1000),
            draw.randrange(100000) / 100,
        )
    return text[:size].encode()


def produce(bootstrap, topic, records, size, codec):
    failed = []
    acknowledged = 0

    def told(error, _):
        nonlocal acknowledged
        if error is None:
            acknowledged += 1
        else:
            failed.append(error)

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "compression.type": codec,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    values = [value(seed, size) for seed in range(1000)]
    start = time.monotonic()
    for number in range(records):
        while True:
            try:
                producer.produce(topic, values[number % 1000], on_delivery=told)
                break
            except BufferError:
                producer.poll(0.01)
        if number % 500 == 0:
            producer.poll(0)
    producer.flush()
    if failed or acknowledged != records:
        sys.exit(f"{acknowledged} of {records} were acknowledged; {failed[:1]}")
    print(records * size, time.monotonic() - start)


def consume(bootstrap, topic, partitions, records):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, index, 0) for index in range(partitions)])
    start = time.monotonic()
    found = size = 0
    while found < records:
        messages = consumer.consume(10_000, timeout=30)
        if not messages:
            sys.exit(f"{found} of {records} came")
        for message in messages:
            if message.error():
                sys.exit(str(message.error()))
            size += len(message.value())
        found += len(messages)
    seconds = time.monotonic() - start
    consumer.close()
    print(size, seconds)


_, what, bootstrap, topic, *rest = sys.argv
if what == "produce":
    produce(bootstrap, topic, int(rest[0]), int(rest[1]), rest[2])
else:
    consume(bootstrap, topic, int(rest[0]), int(rest[1]))
