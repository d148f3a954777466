#!/usr/bin/env bash
# Fails if protos/ breaks clients of the contract at a branch or commit (buf breaking), so that it can only grow.
# Usage: scripts/check-breaking.sh [BRANCH_OR_COMMIT]
set -euo pipefail
against=${1:-main}
git rev-parse --quiet --verify "$against^{commit}" >/dev/null || against=origin/$against
before=build/contract-before
rm -rf "$before"
mkdir -p "$before/build"
git archive "$against" buf.yaml protos | tar -x -C "$before"
cp -r build/googleapis "$before/build/"
.venv/bin/buf breaking --against "$before"
echo "The contract does not break with $against."
