#!/bin/sh
# Installs the project in $1 as a virtual environment in $2: small, and ready for a root that is
# read only. Run by the Dockerfile's first stage.
set -eu
source=$1 target=$2
here=$(dirname "$0")

# These stay in this stage. Wheels hold some 40 MB of symbols.
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3-venv binutils >/dev/null

# pip is not needed in the image, so it runs from another environment.
python3 -m venv /tmp/pip
python3 -m venv --without-pip "$target"
# PyAV 18's wheel carries 30 MB more than 17's: libraries of the desktop, padded with zeros.
/tmp/pip/bin/pip --python "$target/bin/python" install --quiet --no-cache-dir --no-compile \
    "$source" 'av<18'
cp "$here/health.py" "$target/"

packages=$("$target/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# Without the files that auditwheel has moved into *.libs, which strip makes larger.
find "$packages" -name '*.so' -type f -not -path '*.libs/*' -exec strip --strip-unneeded {} +
# Remove sources for compilers, and tests of libraries.
find "$packages" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' \
    -o -name '*.pyi' \) -delete

# Bytecode, and the seed's image next to it, are valid for the time of their sources in seconds, which
# a layer may round.
find "$packages" -exec touch -h -d '2020-01-01T00:00:00Z' {} +
"$target/bin/python" -m compileall -q -j 0 "$packages/emulator" "$packages/starlette" \
    "$packages/uvicorn" "$packages/msgspec" "$packages/websockets" >/dev/null
cd /tmp
"$target/bin/python" "$here/first_start.py"
