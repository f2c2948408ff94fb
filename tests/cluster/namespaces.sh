#!/usr/bin/env bash
# Runs inside the node's namespaces of mounts and cgroups: makes them what a node expects, and holds them open.
set -euo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"

mount --make-rshared /
controllers=$(awk '!/^#/ && $2 > 0 && $4 == 1 {print $1}' /proc/cgroups)
if [ -z "$controllers" ]; then
    echo 'the cgroups of this machine are of version 2 alone; give KUBECONFIG of another cluster (kind, minikube)'
    exit 1
fi
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for controller in $controllers; do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
done
mkdir /sys/fs/cgroup/systemd # kubelet looks for it by this name
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
touch "$STATE/run/namespaces"
exec sleep infinity
