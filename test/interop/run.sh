#!/usr/bin/env bash
# The interop suite: real clients and Kafka's own tools against a broker.
#
#   test/interop/run.sh                          starts the built Odradek on a free port, with its data in a temporary folder
#   test/interop/run.sh --bootstrap HOST:PORT    uses a running broker (parts that stop it or read its files are skipped)
#   test/interop/run.sh --broker-command CMD     starts another broker: {dir} and {port} are filled in; it stays in the
#                                                foreground, prints a line with "ready", and keeps its data in {dir}/data
#   --long       a million records a cell and a hundred kills     --records N, --kills N   other sizes
#   --cells REGEX  these cells of the matrix, by producer and name: 'Java, zstd, acks=all$'
#   --only A,B   these parts: kcat, matrix, shapes, tools, groups, transactions, restart, crash      --first-port N   where to look for free ports
#
# Tools come from their registries into .build/interop: a Python environment with confluent-kafka and aiokafka (needs python3), Kafka's jars
# (needs mvn and a JDK 17), kcat (apt-get, as root). What cannot be had is skipped with a line that says so.
# No install may take longer than five minutes; two suites on one machine do not disturb each other.
# The last line is "N passed, N failed, N skipped"; the exit code is 1 when one failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/.build/interop
mkdir -p "$work"
note() { echo "interop: $*" >&2; }
# An install that waits for a network that does not answer, for a lock or for somebody to type ends, and its tool counts as missing.
bounded() {
  if command -v timeout >/dev/null; then timeout -k 10 300 "$@" </dev/null; else "$@" </dev/null; fi
}

if ! command -v python3 >/dev/null || ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1; then
  note "python3 (3.9 or newer) is not installed, so nothing can run"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi

python=$work/venv/bin/python
if [ ! -e "$work/venv/done" ]; then
  note "installing confluent-kafka"
  if bounded python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 \
    && bounded "$python" -m pip install -q --disable-pip-version-check confluent-kafka==2.16.1 >>"$work/venv.log" 2>&1; then
    touch "$work/venv/done"
  else
    note "confluent-kafka could not be installed (see $work/venv.log)"
  fi
fi
if [ -e "$work/venv/done" ] && [ ! -e "$work/venv/aiokafka" ]; then
  note "installing aiokafka"
  if bounded "$python" -m pip install -q --disable-pip-version-check aiokafka==0.14.0 >>"$work/venv.log" 2>&1; then
    touch "$work/venv/aiokafka"
  else
    note "aiokafka could not be installed (see $work/venv.log)"
  fi
fi
# Half an environment has a Python that may not even start.
{ [ -x "$python" ] && "$python" -c '' 2>/dev/null; } || python=python3

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
stamp=$work/libs.$(cksum <"$here/pom.xml" | cut -d' ' -f1)
if [ ! -e "$stamp" ] && command -v mvn >/dev/null && command -v "$java" >/dev/null; then
  note "fetching Kafka's jars"
  tools=$(sed -n 's:.*<tools.version>\(.*\)</tools.version>.*:\1:p' "$here/pom.xml")
  rm -rf "$work/libs" "$work/libs-tools"
  if bounded mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/libs" -DincludeScope=runtime \
      >"$work/mvn.log" 2>&1 \
    && bounded mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -Dkafka.version="$tools" \
      -DoutputDirectory="$work/libs-tools" -DincludeScope=runtime >>"$work/mvn.log" 2>&1; then
    touch "$stamp"
  else
    note "Kafka's jars could not be fetched (see $work/mvn.log)"
    rm -rf "$work/libs" "$work/libs-tools"
  fi
fi
if [ -e "$stamp" ]; then
  for version in $(sed -n 's:.*<old.versions>\(.*\)</old.versions>.*:\1:p' "$here/pom.xml"); do
    [ -e "$work/libs-$version" ] || bounded mvn -q -B -f "$here/pom.xml" dependency:copy -DoutputDirectory="$work/libs-$version" \
      -Dartifact="org.apache.kafka:kafka-clients:$version" >>"$work/mvn.log" 2>&1 \
      || note "the client $version could not be fetched (see $work/mvn.log)"
  done
fi
if [ -d "$work/libs" ] && command -v "${java}c" >/dev/null; then
  if [ ! -e "$work/classes/GroupMembers.class" ] || [ -n "$(find "$here/java" -name '*.java' -newer "$work/classes/GroupMembers.class")" ]; then
    "${java}c" -Xlint:-options --release 17 -d "$work/classes" -cp "$work/libs/*" "$here"/java/*.java >"$work/javac.log" 2>&1 \
      || { note "the Java clients could not be compiled (see $work/javac.log)"; rm -rf "$work/classes"; }
  fi
fi

if ! command -v kcat >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  note "installing kcat"
  export DEBIAN_FRONTEND=noninteractive
  { bounded apt-get install -y -q kcat || { bounded apt-get update -q && bounded apt-get install -y -q kcat; }; } >"$work/kcat.log" 2>&1 \
    || note "kcat could not be installed (see $work/kcat.log)"
fi

if [[ " $* " == *" --long "* && " $* " != *" --bootstrap "* && " $* " != *" --only "* ]]; then
  note "hostile clients, the long variants"
  ODRADEK_HOSTILE_LONG=1 "$root/node_modules/.bin/node" --test --test-concurrency=1 --test-reporter=dot "$root"/test/hostile/*.test.ts \
    || { note "hostile clients: failed"; set -- "$@" --failed-before; }
fi

exec "$python" -u "$here/suite.py" "$@"
