"""codec × acks × idempotence by every producer, read by every consumer by assignment, with checksums equal at the other end."""

import clients
import workload

PARTITIONS = 4
SETTINGS = [("0", False), ("1", False), ("all", False), ("all", True)]


def run(suite):
    producers = [client for client in clients.PRODUCERS if suite.has(client, f"matrix: produced by {client.name}")]
    consumers = [client for client in clients.CONSUMERS if suite.has(client, f"matrix: consumed by {client.name}")]
    for producer in producers:
        cells = cells_of(suite, producer)
        # A million records a cell are deleted before the next cell is written.
        for group in [[cell] for cell in cells] if suite.long or not cells else [cells]:
            produce_and_consume(suite, producer, consumers, group)


def cells_of(suite, producer):
    result = []
    for codec in producer.codecs:
        for acks, idempotence in SETTINGS:
            name = producer.name.replace("@", "").replace("/", "-")
            result.append({
                "topic": suite.topic(f"{name}-{codec}-{acks}{'-idempotent' if idempotence else ''}"),
                "name": f"{codec}, acks={acks}{', idempotent' if idempotence else ''}",
                "codec": codec, "acks": acks, "idempotence": idempotence,
                "partitions": PARTITIONS, "count": suite.records // PARTITIONS, "timeout": 1800 if suite.long else 60,
            })
    return [cell for cell in result if suite.cells.search(f"{producer.name}, {cell['name']}")]


def produce_and_consume(suite, producer, consumers, cells):
    timeout = 3600 if suite.long else 240
    answers = []

    def produce():
        clients.create_topics(suite.bootstrap, cells)
        answers.extend(producer.run("produce", suite.bootstrap, cells, timeout))
        seconds = sum(answer["seconds"] for answer in answers)
        return f"{len(cells)} cells, {sum(c['count'] for c in cells) * PARTITIONS / max(seconds, 0.001):,.0f} records/s"

    if not suite.check(f"matrix: {producer.name} writes", produce):
        return
    written = []
    for cell, answer in zip(cells, answers):
        if "error" in answer:
            suite.check(f"matrix: {producer.name}, {cell['name']}: produce", lambda answer=answer: fail(answer["error"]))
        else:
            written.append((cell, workload.expected(cell["topic"], PARTITIONS, cell["count"])))
    for consumer in consumers:
        read = consumer.run("consume", suite.bootstrap, [cell for cell, _ in written], timeout)
        seconds = sum(answer["seconds"] for answer in read)
        for (cell, expected), answer in zip(written, read):
            suite.check(
                f"matrix: {producer.name} to {consumer.name}, {cell['name']}", lambda a=answer, e=expected: compare(a, e))
        if seconds:
            total = sum(cell["count"] for cell, _ in written) * PARTITIONS
            print(f"     {consumer.name} read {total / seconds:,.0f} records/s")
    clients.delete_topics(suite.bootstrap, [cell["topic"] for cell in cells])


def fail(text):
    raise AssertionError(text)


def compare(answer, expected):
    assert "error" not in answer, answer["error"]
    for partition, want in expected.items():
        got = answer["partitions"][partition]
        assert got == want, f"partition {partition}: read {got}, written {want}"
