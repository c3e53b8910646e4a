"""kcat: metadata, produce and consume with each codec, headers, nulls, offsets by time. An old librdkafka, as many users have."""

import subprocess

import clients


def kcat(*arguments, stdin=None, timeout=60):
    done = subprocess.run(
        ["timeout", str(timeout), "kcat", *arguments], input=stdin, capture_output=True, check=False, timeout=timeout + 5)
    assert done.returncode == 0, f"kcat {' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode()[-800:]}"
    return done.stdout


def run(suite):
    if not suite.has(clients.KCAT, "kcat"):
        return
    suite.check("kcat -L", lambda: metadata(suite))
    for codec in clients.CODECS:
        suite.check(f"kcat -P and -C, {codec}", lambda codec=codec: round_trip(suite, codec))
    suite.check("kcat: headers, null keys and values", lambda: headers(suite))
    suite.check("kcat: acks=0 loses nothing when the producer leaves at once", lambda: no_acks(suite))
    suite.check("kcat -Q: offsets by time", lambda: by_time(suite))
    suite.check("kcat: consume from an offset, from the tail, a count", lambda: positions(suite))


def metadata(suite):
    topic = suite.topic("kcat-meta")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": 3}])
    text = kcat("-L", "-b", suite.bootstrap).decode()
    assert suite.bootstrap in text, text
    assert f'topic "{topic}" with 3 partitions' in text, text
    text = kcat("-L", "-b", suite.bootstrap, "-t", topic).decode()
    assert text.count(", isrs: ") == 3, text


def round_trip(suite, codec):
    # The topic is not there: auto-creation is part of what is tested.
    topic = suite.topic(f"kcat-{codec}")
    lines = b"".join(b"key-%d\tvalue %d %s\n" % (i, i, b"abc" * (i % 50)) for i in range(5000))
    kcat("-P", "-b", suite.bootstrap, "-t", topic, "-z", codec, "-K", "\t", stdin=lines)
    read = kcat("-C", "-b", suite.bootstrap, "-t", topic, "-o", "beginning", "-e", "-q", "-K", "\t")
    assert sorted(read.splitlines()) == sorted(lines.splitlines()), f"{len(read)} bytes read, {len(lines)} written"
    again = kcat("-C", "-b", suite.bootstrap, "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-f", "%o\n")
    assert again.split() == [b"%d" % i for i in range(len(again.split()))], "offsets have gaps"


def headers(suite):
    topic = suite.topic("kcat-headers")
    kcat("-P", "-b", suite.bootstrap, "-t", topic, "-H", "one=1", "-H", "two=zwei", "-K", ":", stdin=b"k:v\n")
    kcat("-P", "-b", suite.bootstrap, "-t", topic, "-Z", "-K", ":", stdin=b":null key\nnull value:\n")
    text = kcat("-C", "-b", suite.bootstrap, "-t", topic, "-o", "beginning", "-e", "-q", "-Z", "-f", "%o|%K|%k|%S|%s|%h\n").decode()
    assert text.splitlines() == ["0|1|k|1|v|one=1,two=zwei", "1|-1|NULL|8|null key|", "2|10|null value|-1|NULL|"], text


def no_acks(suite):
    topic = suite.topic("kcat-acks0")
    clients.create_topics(suite.bootstrap, [{"topic": topic, "partitions": 1}])
    lines = b"".join(b"%d\n" % i for i in range(20000))
    kcat("-P", "-b", suite.bootstrap, "-t", topic, "-X", "acks=0", "-p", "0", stdin=lines)
    read = kcat("-C", "-b", suite.bootstrap, "-t", topic, "-o", "beginning", "-q", "-c", "20000")
    assert read == lines, f"{len(read.split())} of 20000 read"


def by_time(suite):
    topic = suite.topic("kcat-none")
    assert f"{topic} [0] offset 0" in kcat("-Q", "-b", suite.bootstrap, "-t", f"{topic}:0:1").decode()
    count = len(kcat("-C", "-b", suite.bootstrap, "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-f", "%o\n").split())
    assert f"{topic} [0] offset {count}" in kcat("-Q", "-b", suite.bootstrap, "-t", f"{topic}:0:-1").decode()


def positions(suite):
    topic = suite.topic("kcat-acks0")
    read = lambda *more: kcat("-C", "-b", suite.bootstrap, "-t", topic, "-p", "0", "-q", *more).split()
    # 12345 lies in the middle of a batch.
    assert read("-o", "12345", "-e")[0] == b"12345"
    assert read("-o", "-10", "-e") == [b"%d" % i for i in range(19990, 20000)]
    assert read("-o", "777", "-c", "3") == [b"777", b"778", b"779"]
