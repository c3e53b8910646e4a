"""confluent-kafka (librdkafka) as a client of the suite: produce JOBS, consume JOBS, shapes-write JOBS, shapes-read JOBS."""

import base64
import json
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

import workload


def produce(bootstrap, cell):
    failures = []
    producer = Producer({
        "bootstrap.servers": bootstrap,
        "compression.type": cell["codec"],
        "acks": cell["acks"],
        "enable.idempotence": cell["idempotence"],
        "linger.ms": 5,
        "queue.buffering.max.messages": 100000,
    })

    def delivered(error, _message):
        if error is not None:
            failures.append(str(error))

    for index in range(cell["count"]):
        for partition in range(cell["partitions"]):
            key, value = workload.record(cell["topic"], partition, index)
            while True:
                try:
                    producer.produce(cell["topic"], value, key, partition, on_delivery=delivered)
                    break
                except BufferError:
                    producer.poll(0.1)
        if index % 512 == 0:
            producer.poll(0)
    left = producer.flush(120)
    if left or failures:
        raise RuntimeError(f"{left} records not delivered, {len(failures)} failed: {failures[:1]}")
    return {}


def assigned(bootstrap, topic, partitions):
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "interop", "enable.auto.commit": False, "auto.offset.reset": "error",
        "enable.partition.eof": True, "fetch.wait.max.ms": 100,
    })
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
    return consumer


def read_to_end(bootstrap, cell, handle):
    """Calls handle(message) for every record up to the end of every partition."""
    consumer = assigned(bootstrap, cell["topic"], cell["partitions"])
    open_partitions = set(range(cell["partitions"]))
    deadline = time.monotonic() + cell.get("timeout", 120)
    while open_partitions and time.monotonic() < deadline:
        for message in consumer.consume(5000, 0.05):
            error = message.error()
            if error is None:
                handle(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_partitions.discard(message.partition())
            else:
                raise RuntimeError(str(error))
    consumer.close()
    if open_partitions:
        raise RuntimeError(f"the end of partitions {sorted(open_partitions)} was not reached")


def consume(bootstrap, cell):
    digests = [workload.Digest() for _ in range(cell["partitions"])]
    read_to_end(bootstrap, cell, lambda m: digests[m.partition()].add(m.offset(), m.key(), m.value()))
    return {"partitions": {str(p): d.result() for p, d in enumerate(digests)}}


def decode(text):
    return None if text is None else base64.b64decode(text)


def encode(data):
    return None if data is None else base64.b64encode(data).decode()


def shapes_write(bootstrap, cell):
    failures = []
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": cell["codec"]})
    for shape in cell["shapes"]:
        headers = [(name, decode(value)) for name, value in shape["headers"]]
        producer.produce(
            cell["topic"], decode(shape["value"]), decode(shape["key"]), 0, timestamp=shape["timestamp"], headers=headers or None,
            on_delivery=lambda error, _m: failures.append(str(error)) if error else None)
    if producer.flush(60) or failures:
        raise RuntimeError(f"not delivered: {failures[:1]}")
    return {}


def shapes_read(bootstrap, cell):
    seen = []
    read_to_end(bootstrap, cell, lambda m: seen.append({
        "timestamp": m.timestamp()[1], "key": encode(m.key()), "value": encode(m.value()),
        "headers": [[name, encode(value)] for name, value in m.headers() or []],
    }))
    return {"shapes": seen}


COMMANDS = {"produce": produce, "consume": consume, "shapes-write": shapes_write, "shapes-read": shapes_read}


def main():
    command, bootstrap, jobs = sys.argv[1:]
    with open(jobs, encoding="utf-8") as file:
        cells = json.load(file)
    for cell in cells:
        began = time.monotonic()
        try:
            answer = COMMANDS[command](bootstrap, cell)
        except Exception as error:  # Reported for its cell; the others still run.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"topic": cell["topic"], "seconds": time.monotonic() - began, **answer}), flush=True)


if __name__ == "__main__":
    main()
