#!/usr/bin/env bash
# Bring Dapr's definitions of custom resources to a version: infra/dapr-crds.sh VERSION [CHART]
#
# Helm installs them with the first release and never again, so this comes before `pulumi config set daprVersion`.
# Arguments of kubectl, as --context or --dry-run=server, may be given in KUBECTL_ARGS.
# docs/decisions/0011-dapr-on-a-cluster.md says why it is done this way.
set -euo pipefail

version=${1:?which version of Dapr? infra/dapr-crds.sh VERSION [CHART]}
chart=${2:-dapr}
repository=()
[ "$chart" != dapr ] || repository=(--repo https://dapr.github.io/helm-charts)
for tool in helm kubectl; do
    command -v $tool >/dev/null || { echo "the definitions are brought by helm and kubectl, and $tool is not here" >&2 && exit 1; }
done
read -ra arguments <<<"${KUBECTL_ARGS:-}"

# The file leaves the namespace of the conversion webhook open, and Dapr's operator would fill it in when it starts.
# The server keeps what we do not name: the operator's caBundle too.
helm show crds "${repository[@]}" --version "$version" "$chart" |
    sed 's/namespace: replaceme.*/namespace: dapr-system/' |
    kubectl apply "${arguments[@]}" --server-side --force-conflicts --field-manager dapr-crds --filename -
