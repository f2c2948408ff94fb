#!/usr/bin/env bash
# Get what the test cluster runs: Debian packages, and Kubernetes built from its Go modules (go.mod here names the
# version). Some ten minutes the first time on two cores, seconds afterwards. Nothing is written into the tree.
set -euo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"

packages=(etcd-server containerd runc containernetworking-plugins iproute2 socat openssl mmdebstrap buildah)
programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl)

install_packages() {
    local wanted=() name
    for name in "${packages[@]}"; do
        dpkg-query --show --showformat '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || wanted+=("$name")
    done
    [ ${#wanted[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "the test cluster needs these packages of Debian: ${wanted[*]}" >&2
        return 1
    fi
    echo "installing ${wanted[*]}"
    apt-get -o DPkg::Lock::Timeout=600 update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -qq --no-install-recommends \
        "${wanted[@]}" >"$CLUSTER_DIR/apt.log" 2>&1 || {
        tail -n 5 "$CLUSTER_DIR/apt.log" >&2
        return 1
    }
}

build_programs() {
    local name stamp="-s -w -X k8s.io/component-base/version.gitVersion=v$KUBERNETES"
    stamp+=" -X k8s.io/component-base/version.gitMajor=1"
    stamp+=" -X k8s.io/component-base/version.gitMinor=$(cut -d . -f 2 <<<"$KUBERNETES")"
    stamp+=" -X k8s.io/client-go/pkg/version.gitVersion=v$KUBERNETES"
    [ "$(cat "$BIN/.version" 2>/dev/null)" != "$KUBERNETES" ] || return 0
    for name in "${programs[@]}"; do
        echo "building $name $KUBERNETES"
        (cd "$HERE" && CGO_ENABLED=0 GOFLAGS='-mod=readonly -buildvcs=false' \
            go build -trimpath -ldflags "$stamp" -o "$BIN/" "k8s.io/kubernetes/cmd/$name")
    done
    echo "$KUBERNETES" >"$BIN/.version"
}

# The image that the services are built on here: Debian with Python, and the certificates of this machine.
build_base() {
    local root=$CLUSTER_DIR/base.tar container
    buildah inspect --type image "$BASE_IMAGE" >/dev/null 2>&1 && return
    if [ ! -e "$root" ]; then
        echo "making $BASE_IMAGE"
        # shellcheck disable=SC2016
        mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' \
            --customize-hook='cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"' \
            --customize-hook='printf "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n" >"$1/etc/pip.conf"' \
            bookworm "$root.new"
        mv "$root.new" "$root"
    fi
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / >/dev/null
    buildah config --cmd '["sleep", "infinity"]' --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "$container"
    buildah commit --quiet --rm "$container" "$BASE_IMAGE" >/dev/null
}

[ "$(id -u)" = 0 ] || { echo 'the test cluster needs root; else give KUBECONFIG of another cluster' >&2 && exit 1; }
command -v go >/dev/null || { echo 'the test cluster needs Go, see https://go.dev/dl' >&2 && exit 1; }
mkdir -p "$BIN"
install_packages
build_programs
build_base
