#!/usr/bin/env bash
# Writes test/golden/vectors anew (`make golden`): the same bytes every time. Needs a JDK 17 and mvn.
# run.sh [OUT]   OUT defaults to test/golden/vectors
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=${1:-$here/../vectors}
work=$root/.build/golden
mkdir -p "$out"
mvn -q -B -Dstyle.color=never -f "$here/pom.xml" process-classes
run_java() { command "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx512M -Dfile.encoding=UTF-8 "$@"; }
run_java -cp "$work/classes:$work/libs/*" odradek.golden.GoldenMessages "$here/messages.txt" "$out" \
  clients metadata group transaction share raft storage
run_java -cp "$work/classes:$work/libs-3.9/*:$work/libs/slf4j-*" odradek.golden.GoldenMessages "$here/messages.txt" "$out" clients-3.9
run_java -cp "$work/classes:$work/libs/*" odradek.golden.GoldenBatches "$out"
run_java -cp "$work/classes:$work/libs/*" odradek.golden.GoldenAssignors "$here/../../unit/machine/group/assignor/kafka.jsonl"
