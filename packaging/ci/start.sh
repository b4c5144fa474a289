#!/usr/bin/env bash
# Starts an emulator in the background and waits for it; its variables go to GITHUB_ENV, its addresses
# to GITHUB_OUTPUT. In FOLDER: its data, its log and its process id, which stop.sh reads.
# Usage: start.sh FOLDER [FLAG OF serve ...]
set -euo pipefail
folder=$1
shift
mkdir -p "$folder"
ready=$folder/ready.json
# A file of a killed job must not be taken for this emulator's.
rm -f "$ready"
nohup live-emulator serve --data "$folder/data" --port 0 --rtmp-port 0 --rtmps-port 0 \
    --ready-file "$ready" "$@" >"$folder/serve.log" 2>&1 &
pid=$!
echo "$pid" >"$folder/pid"

# The ready file appears complete, once everything listens.
for _ in $(seq 600); do
    [ -e "$ready" ] && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
if [ ! -e "$ready" ]; then
    echo "The emulator did not start. Its log:" >&2
    cat "$folder/serve.log" >&2
    kill "$pid" 2>/dev/null || true
    exit 1
fi
LIVE_EMULATOR_DATA=$folder/data live-emulator env --shell dotenv >"$folder/env"
cat "$folder/env" >>"${GITHUB_ENV:-/dev/null}"
sed -n -e 's/^LIVE_EMULATOR_URL=/url=/p' -e 's/^LIVE_EMULATOR_WS_URL=/ws-url=/p' \
    -e 's/^LIVE_EMULATOR_RTMP_URL=/rtmp-url=/p' -e 's/^LIVE_EMULATOR_RTMPS_URL=/rtmps-url=/p' \
    -e 's/^LIVE_EMULATOR_ADMIN_URL=/admin-url=/p' -e 's/^LIVE_EMULATOR_API_KEY=/api-key=/p' \
    -e 's/^LIVE_EMULATOR_CA=/ca=/p' "$folder/env" >>"${GITHUB_OUTPUT:-/dev/null}"
cat "$folder/env"
