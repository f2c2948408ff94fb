# shellcheck shell=bash disable=SC2034
# What the other scripts share: where things are, and how programs of the cluster are started. To be sourced.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CLUSTER_DIR=${CLUSTER_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/task-platform/cluster}
BIN=$CLUSTER_DIR/bin     # what was built, kept
STATE=$CLUSTER_DIR/state # of the cluster that runs, removed when it ends
PKI=$STATE/pki LOGS=$STATE/log PIDS=$STATE/pid CONFIGS=$STATE/kubeconfig SOCKET=$STATE/run/containerd.sock
KUBERNETES=$(sed -n 's/^.*k8s.io\/kubernetes v\([0-9.]*\).*/\1/p' "$HERE/go.mod")
GIVEN_BASE_IMAGE=${BASE_IMAGE:-}
BASE_IMAGE=local.test/task-platform-base:1 # Debian with Python, what images are built on, and what holds pods open

# Everything of the cluster is in a network of its own, so its addresses and ports are nobody else's.
NETWORK=cluster-$(printf %s "$CLUSTER_DIR" | cksum | cut -d ' ' -f 1)
NODE=node NODE_ADDRESS=10.200.0.1
POD_NETWORK=10.244.0.0/24 SERVICE_NETWORK=10.96.0.0/16 SERVICE_ADDRESS=10.96.0.1

export PATH=$BIN:$PATH

# inside COMMAND…: run it in the cluster's network.
inside() {
    nsenter --net="/run/netns/$NETWORK" -- "$@"
}

# on_node COMMAND…: run it where containers run.
on_node() {
    nsenter --target "$(cat "$PIDS/node")" --mount --cgroup --net="/run/netns/$NETWORK" -- "$@"
}

# running NAME: tell whether a program is there; one that has ended and waits for its parent is not.
running() {
    local state
    [ -e "$PIDS/$1" ] || return 1
    state=$(sed 's/.*) //' "/proc/$(cat "$PIDS/$1")/stat" 2>/dev/null | cut -c 1)
    [ -n "$state" ] && [ "$state" != Z ]
}

# begin NAME COMMAND…: start a program in the background, its log in $LOGS/NAME.log.
begin() {
    local name=$1
    shift
    setsid nohup "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
    echo $! >"$PIDS/$name"
}

# await NAME SECONDS COMMAND…: wait until the command succeeds, for as long as the program runs.
await() {
    local name=$1 tries=$(($2 * 5))
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! running "$name" || ((tries-- == 0)); then
            echo "$name did not get ready; the end of $LOGS/$name.log:" >&2
            tail -n 15 "$LOGS/$name.log" >&2
            return 1
        fi
        sleep 0.2
    done
}
