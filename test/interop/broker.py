"""Starts and ends a broker for the interop suite: a free port, a temporary data folder, stop, kill -9, start again."""

import os
import pathlib
import random
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port(first):
    """
    A free port of 127.0.0.1: the first from `first`, or (0) any of those that the system gives to nobody who connects. One of
    those could be taken while the broker is down, even by a client that tries to reach it and so meets itself.
    """
    for port in random.sample(range(16384, 32768), 200) if first == 0 else range(first, first + 100, 2):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise RuntimeError(f"no free port from {first}")


class Broker:
    """One broker process. `command` is a template with {dir} and {port}; without it the built Odradek is started."""

    def __init__(self, command=None, first_port=0, properties=(), features=()):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="odradek-interop-"))
        self.data = self.dir / "data"
        self.port = free_port(first_port)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.log = self.dir / "broker.log"
        self.process = None
        self.ready_seconds = 0.0
        self.is_built = not command
        if command:
            self.argv = [part.format(dir=self.dir, port=self.port) for part in shlex.split(command)]
        else:
            config = self.dir / "server.properties"
            config.write_text("\n".join([
                "process.roles=broker,controller",
                "node.id=1",
                f"listeners=PLAINTEXT://127.0.0.1:{self.port}",
                f"log.dirs={self.data}",
                *properties,
                "",
            ]))
            self.argv = [
                str(ROOT / "node_modules/.bin/node"), str(ROOT / "dist/odradek.js"), "start", "--config", str(config),
                "--format-if-missing", "--override", "shard.count=2",
            ]
            if features:
                chosen = [word for feature in features for word in ("--feature", feature)]
                subprocess.run([*self.argv[:2], "format", "--config", str(config), *chosen], check=True, capture_output=True)

    def start(self, timeout=120):
        """Returns when the broker has printed its ready line."""
        began = time.monotonic()
        ready = self.launch()
        while not ready.wait(0.02):
            if self.process.poll() is not None:
                code, self.process = self.process.returncode, None
                raise RuntimeError(f"the broker ended with {code}:\n{self.tail()}")
            if time.monotonic() - began > timeout:
                self.kill()
                raise RuntimeError(f"the broker was not ready after {timeout} s:\n{self.tail()}")
        self.ready_seconds = time.monotonic() - began

    def launch(self):
        """Starts the process and returns the event of its ready line."""
        assert self.process is None, "the broker is running"
        # Its own session, so that Ctrl-C reaches the suite, which then stops it in order.
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        ready = threading.Event()
        threading.Thread(target=self._follow, args=(self.process, ready), daemon=True).start()
        return ready

    def _follow(self, process, ready):
        with open(self.log, "ab") as log:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if b"ready" in line:
                    ready.set()

    def stop(self, timeout=60):
        """A clean stop by SIGTERM; returns the exit code."""
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError(f"the broker did not stop within {timeout} s:\n{self.tail()}") from None

    def kill(self):
        """kill -9, for the process and what it has started."""
        process, self.process = self.process, None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def tail(self, lines=12):
        if not self.log.exists():
            return ""
        return "\n".join(line[:400] for line in self.log.read_text(errors="replace").splitlines()[-lines:])

    def close(self, keep):
        """Ends the process and removes its folder, unless it is to be kept for a look."""
        if self.process is not None:
            try:
                if self.running():
                    self.stop(20)
            except RuntimeError as error:
                print(error)
        if keep:
            print(f"interop: the broker's folder is kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


class Running:
    """A broker that somebody else runs: it can be talked to and nothing more."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.data = None

    def start(self):
        pass

    def close(self, keep):
        pass

    def tail(self):
        return ""
