#!/usr/bin/env bash
# The node of the test cluster: containerd and kubelet, in the cluster's network and with cgroups of their own.
set -euo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"

begin node nsenter --net="/run/netns/$NETWORK" unshare --mount --cgroup --propagation private "$HERE/namespaces.sh"
await node 20 test -e "$STATE/run/namespaces"

cat >"$STATE/cni/bridge.conflist" <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [{
    "type": "bridge", "bridge": "cni0", "isGateway": true,
    "ipam": {"type": "host-local", "dataDir": "$STATE/run/ipam", "ranges": [[{"subnet": "$POD_NETWORK"}]],
             "routes": [{"dst": "0.0.0.0/0"}]}}]}
END
cat >"$STATE/containerd.toml" <<END
version = 2
root = "$STATE/containerd"
state = "$STATE/run/containerd"
[grpc]
  address = "$SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$BASE_IMAGE"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true
  disable_tcp_service = true
  cni = {bin_dir = "/usr/lib/cni", conf_dir = "$STATE/cni"}
END
begin containerd nsenter --target "$(cat "$PIDS/node")" --mount --cgroup --net="/run/netns/$NETWORK" \
    containerd --config "$STATE/containerd.toml"
await containerd 60 on_node ctr --address "$SOCKET" version
buildah push --quiet "$BASE_IMAGE" "docker-archive:$STATE/base.tar:$BASE_IMAGE"
"$HERE/load-image.sh" "$STATE/base.tar"
rm "$STATE/base.tar"

echo '# nobody to ask' >"$STATE/resolv.conf"
cat >"$STATE/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet-server.crt
tlsPrivateKeyFile: $PKI/kubelet-server.key
containerRuntimeEndpoint: unix://$SOCKET
cgroupDriver: cgroupfs
cgroupRoot: /$NODE
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: [pods]
resolvConf: $STATE/resolv.conf
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
podLogsDir: $STATE/kubelet/logs
volumePluginDir: $STATE/kubelet/plugins
END
# kubelet removes what it does not know below its root of cgroups, so that root is its own.
# shellcheck disable=SC2016
on_node sh -c 'for c in /sys/fs/cgroup/*/; do
    mkdir -p "$c$0"
    [ ! -e "$c$0/cpuset.cpus" ] || { cat "$c/cpuset.cpus" >"$c$0/cpuset.cpus"; cat "$c/cpuset.mems" >"$c$0/cpuset.mems"; }
done' "$NODE"
begin kubelet nsenter --target "$(cat "$PIDS/node")" --mount --cgroup --net="/run/netns/$NETWORK" \
    "$BIN/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$CONFIGS/kubelet.conf" --root-dir="$STATE/kubelet" \
    --cert-dir="$STATE/kubelet/pki" --hostname-override="$NODE" --node-ip="$NODE_ADDRESS"
await kubelet 60 sh -c "kubectl --kubeconfig '$CONFIGS/admin.conf' get node $NODE | grep -qw Ready"
