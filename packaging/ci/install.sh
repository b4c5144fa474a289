#!/usr/bin/env bash
# Installs the emulator into an environment of its own below FOLDER, so that the job's packages stay as
# they are and Python may be one that lets pip change nothing; later steps find the command.
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
