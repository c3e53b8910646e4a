"""The interop suite's runner; run.sh prepares the tools and says what the options are."""

import argparse
import re
import subprocess
import sys
import time
import traceback

import broker
import clients
import crash_part
import group_part
import kcat_part
import matrix_part
import restart_part
import shapes_part
import tools_part
import transactions_part

PARTS = {
    "kcat": kcat_part.run,
    "matrix": matrix_part.run,
    "shapes": shapes_part.run,
    "tools": tools_part.run,
    "groups": group_part.run,
    "transactions": transactions_part.run,
    "restart": restart_part.run,
    "crash": crash_part.run,
}


class Suite:
    """Runs checks one after the other, prints a line each, and counts."""

    def __init__(self, options, node):
        self.long = options.long
        self.records = options.records or (1_000_000 if options.long else 20_000)
        self.cells = re.compile(options.cells)
        self.kills = options.kills or (100 if options.long else 3)
        # The milder ends of a broker, each.
        self.stops = max(3, self.kills // 4)
        self.broker = node
        self.bootstrap = node.bootstrap
        self.run_id = f"{int(time.time()) % 1_000_000:06d}"
        self.passed = self.failed = self.skipped = 0
        self.started = False

    def topic(self, name):
        """A name that no other run has used on this broker."""
        return f"interop-{self.run_id}-{name}"

    def check(self, name, body):
        """Runs one check; an exception is its failure."""
        self._revive()
        began = time.monotonic()
        try:
            note = body()
        except Exception as error:
            self.failed += 1
            text = str(error) if isinstance(error, AssertionError) else traceback.format_exc(limit=-4)
            print(f"FAIL {name} ({time.monotonic() - began:.1f} s)\n     {text.strip()[:3000]}".replace("\n", "\n     "))
            return False
        self.passed += 1
        print(f"ok   {name} ({time.monotonic() - began:.1f} s){f': {note}' if note else ''}")
        return True

    def guard(self, name, body):
        """Runs a part; what it does between its checks can fail too, and the parts behind it still run."""
        try:
            body()
        except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            self.failed += 1
            print(f"FAIL {name}: {error}".replace("\n", "\n     "))

    def _revive(self):
        """A broker that died during the last check is a failure of its own, and is started again for the next."""
        node = self.broker
        if not isinstance(node, broker.Broker) or not self.started or node.running():
            return
        code = node.process.returncode if node.process else "nothing to say"
        self.failed += 1
        print(f"FAIL the broker ended with {code} during the check above\n     " + node.tail().replace("\n", "\n     "))
        node.process = None
        try:
            node.start()
        except RuntimeError as error:
            print(f"FAIL the broker does not start again: {error}")
            raise KeyboardInterrupt from error

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skip {name}: {reason}")

    def has(self, client, name):
        """True when the client is there; else skips."""
        if client.missing is None:
            return True
        self.skip(name, client.missing)
        return False

    def controls_broker(self, name):
        if isinstance(self.broker, broker.Broker):
            return True
        self.skip(name, "the broker was started by somebody else")
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap")
    parser.add_argument("--broker-command")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--records", type=int)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--first-port", type=int, default=0)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--cells", default="", help="only the cells of the matrix whose name matches, as 'Java, zstd, acks=all'")
    parser.add_argument("--failed-before", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="keep the broker's folder")
    options = parser.parse_args()
    unknown = set(options.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")

    began = time.monotonic()
    node = broker.Running(options.bootstrap) if options.bootstrap else broker.Broker(options.broker_command, options.first_port)
    suite = Suite(options, node)
    suite.failed += options.failed_before
    try:
        if suite.check("the broker starts", lambda: start(node)):
            suite.started = True
            for name, part in PARTS.items():
                if name in options.only.split(","):
                    suite.guard(name, lambda part=part: part(suite))
            suite.check("the broker still answers", lambda: clients.create_topics(
                suite.bootstrap, [{"topic": suite.topic("last"), "partitions": 1}]))
    except KeyboardInterrupt:
        print("interop: interrupted")
        suite.failed += 1
    finally:
        if suite.failed and node.tail():
            print(f"interop: the broker's last lines:\n{node.tail()}")
        node.close(options.keep)
    print(f"interop: {time.monotonic() - began:.0f} s")
    print(f"{suite.passed} passed, {suite.failed} failed, {suite.skipped} skipped")
    sys.exit(1 if suite.failed else 0)


def start(node):
    node.start()
    return f"ready after {node.ready_seconds:.2f} s" if isinstance(node, broker.Broker) else None


if __name__ == "__main__":
    main()
