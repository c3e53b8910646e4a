"""A clean stop and a start: every record, topic and setting is there, and a producer that lived through it goes on."""

import clients
import workload

PARTITIONS = 3


def run(suite):
    if suite.controls_broker("restart"):
        suite.check("restart: everything is there after a clean stop", lambda: restart(suite))
        if suite.has(clients.CONFLUENT, "restart: an idempotent producer goes on"):
            suite.check("restart: an idempotent producer goes on", lambda: go_on(suite))


def restart(suite):
    cell = {"topic": suite.topic("restart"), "partitions": PARTITIONS, "count": 3000, "codec": "lz4", "acks": "all",
            "idempotence": True, "config": {"segment.bytes": "1048576", "retention.ms": "86400000"}}
    clients.create_topics(suite.bootstrap, [cell])
    writer = clients.CONFLUENT if clients.CONFLUENT.missing is None else clients.PLATFORMATIC
    clients.single(writer, "produce", suite.bootstrap, cell)
    for _ in range(2):
        code = suite.broker.stop()
        # A JVM that ends by SIGTERM says 143.
        assert code in (0, 143), f"the broker ended with {code}"
        suite.broker.start()
        for reader in [client for client in clients.CONSUMERS if client.missing is None]:
            answer = clients.single(reader, "consume", suite.bootstrap, cell)
            assert answer["partitions"] == workload.expected(cell["topic"], PARTITIONS, cell["count"]), f"{reader.name}: {answer}"
    return f"ready again after {suite.broker.ready_seconds:.2f} s"


def go_on(suite):
    from confluent_kafka import Producer

    topic = suite.topic("restart-producer")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": 1}])
    errors = []
    producer = Producer({
        "bootstrap.servers": suite.bootstrap, "enable.idempotence": True, "reconnect.backoff.max.ms": 200, "log_level": 1})
    offsets = []

    def delivered(error, message):
        errors.append(str(error)) if error else offsets.append(message.offset())

    for turn in range(3):
        for index in range(100):
            producer.produce(topic, b"%d" % (turn * 100 + index), partition=0, on_delivery=delivered)
            producer.poll(0)
        assert producer.flush(60) == 0, "not delivered"
        if turn < 2:
            suite.broker.stop()
            suite.broker.start()
    assert not errors, errors[:1]
    assert offsets == list(range(300)), offsets
