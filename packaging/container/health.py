"""The container's health check: exit code 0 where the emulator inside answers that it is well."""

import os
import ssl
import sys
import urllib.request

is_tls = os.environ.get("LIVE_EMULATOR_TLS", "").lower() in {"true", "yes", "on", "1"}
port = os.environ.get("LIVE_EMULATOR_PORT") or "8787"
address = f"{'https' if is_tls else 'http'}://127.0.0.1:{port}/_emulator/health"
# It asks this very container; a proxy of the environment is not asked, nor is the CA needed.
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}),
    urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
)
try:
    with opener.open(address, timeout=4) as answer:
        print(answer.read().decode())
except OSError as failure:
    sys.exit(f"{address}: {failure}")
