#!/usr/bin/env bash
# The whole platform on Minikube, from nothing to a URL: infra/minikube.sh, or `make minikube`. It can be run again: what
# is there stays, and code that has changed gets images of another tag. Set by environment variables:
#   DRY_RUN=1     say what would be done, and do nothing
#   FORWARD=0     end when the platform is up, without forwarding a port to it
#   CPUS, MEMORY  of a Minikube that has to be started                                  (4, 8g)
#   BASE_IMAGE, ENGINE  of the images                                                   (infra/images.sh)
# Pulumi keeps the stack's state where it is logged in, else in .pulumi/ here, together with the passphrase.
set -euo pipefail
cd "$(dirname "$0")/.."

images=local.test/task-platform
archives=build/images

# run COMMAND…: run it, or say it.
run() {
    if [ -n "${DRY_RUN:-}" ]; then printf '+ %s\n' "$*"; else "$@"; fi
}

# need TOOL HOW: note a tool that is not here.
missing=()
need() {
    command -v "$1" >/dev/null || missing+=("$1: $2")
}

tools() {
    need minikube 'https://minikube.sigs.k8s.io/docs/start'
    need kubectl 'https://kubernetes.io/docs/tasks/tools'
    need pulumi 'https://www.pulumi.com/docs/iac/download-install'
    command -v buildah >/dev/null || need docker 'https://docs.docker.com/engine/install, or install buildah instead'
    [ ${#missing[@]} -eq 0 ] && return
    printf 'missing:\n'
    printf '  %s\n' "${missing[@]}"
    [ -n "${DRY_RUN:-}" ]
}

# Everything that an image is made from, as a tag: other code is another tag, and so another rollout.
tag() {
    {
        printf '%s\0' Dockerfile .dockerignore infra/image-packages.sh
        find requirements components contracts services -type f \
            -not -path '*/__pycache__/*' -not -path '*/frontend/web/*' -print0
        find services/frontend/web/out -type f -print0 2>/dev/null || true
    } | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12 | sed 's/^/dev-/'
}

# Build the images of this tag and hand them to Minikube, unless it has them.
load() {
    local app apps
    mapfile -t apps < <(sed -n 's/^FROM runtime AS //p' Dockerfile)
    if [ -z "${DRY_RUN:-}" ] && minikube image ls | grep -q "^$images/${apps[-1]}:$1\$"; then
        echo "Minikube has the images of $1"
        return
    fi
    run env IMAGES=$images TAG="$1" ARCHIVES=$archives infra/images.sh
    for app in "${apps[@]}"; do
        run minikube image load "$archives/$app.tar"
    done
    run rm -rf "$archives"
}

# Where Pulumi keeps the state: where the user is logged in, else here.
state() {
    if [ -n "${PULUMI_BACKEND_URL:-}${PULUMI_ACCESS_TOKEN:-}" ] || pulumi whoami >/dev/null 2>&1; then
        return
    fi
    export PULUMI_BACKEND_URL=file://$PWD/.pulumi PULUMI_CONFIG_PASSPHRASE_FILE=$PWD/.pulumi/passphrase
    echo "Pulumi keeps the stack in .pulumi/; to go on by hand:"
    echo "  export PULUMI_BACKEND_URL=$PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE_FILE=$PULUMI_CONFIG_PASSPHRASE_FILE"
    if [ -z "${DRY_RUN:-}" ] && [ ! -e "$PULUMI_CONFIG_PASSPHRASE_FILE" ]; then
        mkdir -p -m 700 .pulumi
        (umask 077 && head -c 24 /dev/urandom | base64 >"$PULUMI_CONFIG_PASSPHRASE_FILE")
    fi
}

# Print the URL, and forward a port where that is the way in.
enter() {
    local url way forward=()
    if [ -n "${DRY_RUN:-}" ]; then
        run pulumi stack output url --stack minikube
        return
    fi
    url=$(pulumi stack output url --stack minikube)
    if [[ $url != *' (by '* ]]; then
        echo "The task platform is up: $url"
        return
    fi
    way=${url##* (by } # kubectl … port-forward NAME PORT
    read -ra forward <<<"${way%)}"
    # Pulumi may be done before the new pods are there, and a port that leads to an old one ends with it.
    "${forward[@]:0:${#forward[@]}-3}" rollout status "${forward[-2]}" --timeout 6m
    echo "The task platform is up: ${url%% *}"
    if [ "${FORWARD:-1}" = 0 ]; then
        echo "once this runs: ${forward[*]}"
    else
        echo 'until Ctrl-C'
        exec "${forward[@]}"
    fi
}

tools
if [ -n "${DRY_RUN:-}" ] || ! minikube status >/dev/null 2>&1; then
    # The autoscaler reads what the metrics server measures.
    run minikube start --cpus "${CPUS:-4}" --memory "${MEMORY:-8g}" --addons metrics-server
fi
run make .venv/.test page
version=$(tag)
load "$version"
state
run pulumi stack select --create minikube
run pulumi up --stack minikube --yes --config "task-platform:imageTag=$version"
enter
