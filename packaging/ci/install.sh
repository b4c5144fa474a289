#!/usr/bin/env bash
# Installs the emulator into a new environment below FOLDER, so that the job's packages stay unchanged
# and Python may be one in which pip may not install; later steps find the command.
# Usage: install.sh FOLDER PACKAGE
set -euo pipefail
folder=$1
package=$2
python3 -m venv "$folder/python"
programs=$folder/python/bin
[ -d "$programs" ] || programs=$folder/python/Scripts
"$programs/python" -m pip install --disable-pip-version-check --quiet "$package"
mkdir -p "$folder/bin"
cp "$programs"/live-emulator* "$folder/bin/"
echo "$folder/bin" >>"${GITHUB_PATH:-/dev/null}"
