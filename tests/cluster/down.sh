#!/usr/bin/env bash
# End the test cluster, by the process ids that up.sh wrote, and remove its state; what was built stays.
set -uo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"

end() {
    local tries=100
    running "$1" || return 0
    kill "$(cat "$PIDS/$1")" 2>/dev/null
    while running "$1" && ((tries-- > 0)); do sleep 0.1; done
    ! running "$1" || kill -KILL "$(cat "$PIDS/$1")"
}

# Containers outlive containerd, so they go first.
end_containers() {
    running containerd || return 0
    list() { on_node ctr --address "$SOCKET" --namespace k8s.io "$@"; }
    list task list --quiet | while read -r id; do list task kill --signal KILL "$id"; done
    sleep 1
    list task list --quiet | while read -r id; do list task delete --force "$id"; done
    list container list --quiet | while read -r id; do list container remove "$id"; done
} >/dev/null 2>&1

end kubelet
end_containers
end containerd
if running node; then
    on_node sh -c "find /sys/fs/cgroup/*/$NODE /sys/fs/cgroup/*/k8s.io -depth -type d -exec rmdir {} +" 2>/dev/null
fi
for name in node kube-scheduler kube-controller-manager entrance kube-apiserver etcd; do
    end "$name"
done
ip netns delete "$NETWORK" 2>/dev/null
rm -rf "$STATE"
