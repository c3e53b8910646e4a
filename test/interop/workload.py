"""The records that every client writes and reads: a function of topic, partition and index, the same in each language."""

import hashlib
import struct

PATTERN = b"the spool winds its thread; "


def record(topic, partition, index):
    """Key and value of the record at `index` of a partition; the clients in Java and TypeScript compute the same."""
    return b"%d-%d" % (partition, index), b"%s:%d:%d:" % (topic.encode(), partition, index) + PATTERN * (index % 8)


class Digest:
    """SHA-256 over the records of one partition in the order in which they were read, with the run of offsets."""

    def __init__(self):
        self.hash = hashlib.sha256()
        self.count = 0
        self.first = -1
        self.last = -1
        self.gaps = 0

    def add(self, offset, key, value):
        if self.count == 0:
            self.first = offset
        elif offset != self.last + 1:
            self.gaps += 1
        self.last = offset
        self.count += 1
        self.hash.update(struct.pack(">i", len(key)) + key + struct.pack(">i", len(value)) + value)

    def result(self):
        return {"count": self.count, "sha": self.hash.hexdigest(), "first": self.first, "last": self.last, "gaps": self.gaps}


def expected(topic, partitions, count):
    """What a consumer must report for a topic that holds the workload and nothing else."""
    result = {}
    for partition in range(partitions):
        digest = Digest()
        for index in range(count):
            digest.add(index, *record(topic, partition, index))
        result[str(partition)] = digest.result()
    return result
