#!/usr/bin/env bash
# Put what the stacks deploy before a real Kubernetes: tests/cluster/run.sh, or `make test-cluster`. Arguments are
# pytest's. Set by environment variables:
#   KUBECONFIG   a cluster to use; without it one is built and started here, and ended afterwards
#   LOAD_IMAGE   how an archive of an image gets onto that cluster (`minikube image load`, `kind load image-archive`)
#   BASE_IMAGE   what the images are built on; here it is made of Debian's packages
#   KEEP=1       leave the cluster that was started here running
set -euo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"

if [ -n "${KUBECONFIG:-}" ]; then
    export BASE_IMAGE=${GIVEN_BASE_IMAGE:-}
    [ -n "${LOAD_IMAGE:-}" ] ||
        echo 'LOAD_IMAGE is not set, so the images are not tried: give the command that loads an archive' >&2
else
    "$HERE/build.sh"
    [ -n "${KEEP:-}" ] || trap '"$HERE/down.sh"' EXIT
    "$HERE/up.sh"
    export KUBECONFIG=$CONFIGS/admin.conf LOAD_IMAGE=$HERE/load-image.sh BASE_IMAGE ENGINE=buildah
    export BUILDAH_ISOLATION=chroot
fi
cd "$HERE/../.."
TEST_CLUSTER=1 .venv/bin/python -m pytest tests/cluster "$@"
