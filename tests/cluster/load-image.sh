#!/usr/bin/env bash
# Make images known to the node: load-image.sh FILE…, each an archive as `docker save` writes it.
set -euo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"

for file in "$@"; do
    on_node ctr --address "$SOCKET" --namespace k8s.io images import "$(realpath "$file")" >/dev/null
done
