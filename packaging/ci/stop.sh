#!/usr/bin/env bash
# Writes a report of the emulator that start.sh has started to FOLDER/report, and stops it.
# Usage: stop.sh FOLDER
set -euo pipefail
folder=$1
report=$folder/report
mkdir -p "$report"
[ ! -e "$folder/serve.log" ] || cp "$folder/serve.log" "$report/"
if [ ! -e "$folder/ready.json" ]; then
    echo "No emulator runs on $folder." >&2
    exit 0
fi
export LIVE_EMULATOR_DATA=$folder/data
for what in requests events streams; do
    live-emulator "$what" --json >"$report/$what.json"
done
pid=$(cat "$folder/pid")
kill "$pid"
for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
cp "$folder/serve.log" "$report/"
! kill -0 "$pid" 2>/dev/null || { echo "The emulator did not stop within 30 s." >&2; exit 1; }
echo "The report is in $report."
