"""Records of every shape from every producer to every consumer: nulls, empty and binary keys and values, headers, times, sizes."""

import base64

import clients

TIME = 1_700_000_000_000


def b64(data):
    return None if data is None else base64.b64encode(data).decode()


def shape(index, key, value, headers=()):
    return {
        "timestamp": TIME + index * 1000, "key": b64(key), "value": b64(value),
        "headers": [[name, b64(data)] for name, data in headers],
    }


COMMON = [
    shape(0, b"key", b"value"),
    shape(1, None, b"no key"),
    shape(2, b"no value", None),
    shape(3, b"", b"empty key"),
    shape(4, b"empty value", b""),
    shape(5, bytes(range(256)), bytes(reversed(range(256)))),
    shape(6, b"headers", b"v", [("a", b"1"), ("größe", "groß".encode()), ("empty", b"")]),
    shape(7, b"big", bytes(i * 31 % 251 for i in range(900_000))),
]
# Map-like header interfaces cannot say these.
RICH = [
    *COMMON,
    shape(8, b"twice", b"v", [("same", b"1"), ("same", b"2"), ("null", None)]),
    shape(9, b"many", b"v", [(f"h{i}", b"x" * i) for i in range(300)]),
]


def run(suite):
    consumers = [c for c in clients.CONSUMERS if c is not clients.KCAT and c.missing is None]
    for producer in clients.PRODUCERS:
        if not suite.has(producer, f"shapes: written by {producer.name}"):
            continue
        rich = producer in (clients.CONFLUENT, clients.JAVA_CLIENT)
        shapes = RICH if rich else COMMON
        if producer is clients.PLATFORMATIC:
            # It takes an absent value for an empty one.
            shapes = [s for s in shapes if s["value"] is not None and s["key"] is not None]
        cell = {"topic": suite.topic(f"shapes-{producer.name.strip('@').replace('/', '-')}"), "partitions": 1, "codec": "none",
                "count": len(shapes), "acks": "all", "idempotence": True, "shapes": shapes}

        def write(cell=cell, producer=producer):
            clients.create_topics(suite.bootstrap, [cell])
            clients.single(producer, "shapes-write", suite.bootstrap, cell)

        if suite.check(f"shapes: {producer.name} writes", write):
            for consumer in consumers:
                suite.check(f"shapes: {producer.name} to {consumer.name}", lambda c=consumer, cell=cell: compare(suite, c, cell))
            if clients.JAVA_CLIENT.missing is None:
                suite.check(f"shapes: offsets by time, written by {producer.name}", lambda cell=cell: by_time(suite, cell))
    if suite.has(clients.CONFLUENT, "shapes: errors"):
        suite.check("shapes: a record larger than max.message.bytes is refused", lambda: too_large(suite))
        suite.check("shapes: offset out of range", lambda: out_of_range(suite))


def compare(suite, consumer, cell):
    got = clients.single(consumer, "shapes-read", suite.bootstrap, cell)["shapes"]
    for index, want in enumerate(cell["shapes"]):
        assert index < len(got), f"{len(got)} records of {len(cell['shapes'])}"
        assert got[index] == want, f"record {index}: {str(got[index])[:300]} instead of {str(want)[:300]}"
    assert len(got) == len(cell["shapes"]), f"{len(got)} records instead of {len(cell['shapes'])}"


def by_time(suite, cell):
    written = [s["timestamp"] for s in cell["shapes"]]
    asked = [0, written[0], written[1] + 1, written[-1], written[-1] + 1]
    want = [next((i for i, t in enumerate(written) if t >= time), -1) for time in asked]
    got = clients.single(clients.JAVA_CLIENT, "times", suite.bootstrap, {**cell, "times": asked})["offsets"]
    assert got == want, f"{got} instead of {want}"


def too_large(suite):
    from confluent_kafka import KafkaError, Producer

    errors = []
    producer = Producer({"bootstrap.servers": suite.bootstrap, "message.max.bytes": 5_000_000, "retries": 0})
    topic = suite.topic("shapes-large")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": 1}])
    producer.produce(topic, b"x" * 2_000_000, partition=0, on_delivery=lambda error, _m: errors.append(error))
    producer.flush(30)
    assert errors and errors[0] and errors[0].code() == KafkaError.MSG_SIZE_TOO_LARGE, errors


def out_of_range(suite):
    from confluent_kafka import Consumer, KafkaError, TopicPartition

    topic = suite.topic("shapes-large")
    consumer = Consumer({"bootstrap.servers": suite.bootstrap, "group.id": "interop", "auto.offset.reset": "error"})
    consumer.assign([TopicPartition(topic, 0, 1000)])
    message = consumer.poll(20)
    consumer.close()
    assert message and message.error() and message.error().code() in (
        KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE), message and message.error()
