#!/usr/bin/env bash
# Prints the version of this checkout, fit for an image's tag: 1.2.0 at the tag v1.2.0, 1.2.0-5-gabc1234 five commits later, and -dirty
# where files were changed. Where no tag is known, as in a shallow clone, 0.1.0-gabc1234; without git, 0.1.0.
set -euo pipefail
cd "$(dirname "$0")/.."
fallback=$(sed -n 's/^fallback_version = "\(.*\)"$/\1/p' pyproject.toml)
described=$(git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null) ||
  described=v$fallback$(git describe --always --exclude '*' --dirty 2>/dev/null | sed 's/^/-g/') || described=v$fallback
echo "${described#v}"
