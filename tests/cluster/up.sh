#!/usr/bin/env bash
# Start a new Kubernetes of one node, which build.sh has to have built; some ten seconds. Afterwards:
#   export KUBECONFIG=$CLUSTER_DIR/state/kubeconfig/admin.conf
# There is no network policy, no DNS, no service network and no storage: pods run, and the API server is a real one.
set -euo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"

"$HERE/down.sh"
mkdir -p "$PKI" "$LOGS" "$PIDS" "$CONFIGS" "$STATE"/{run,kubelet,containerd,cni}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$HERE/pki.sh" "$port"

ip netns add "$NETWORK"
inside ip link set lo up
inside ip link add node0 type bridge
inside ip address add "$NODE_ADDRESS/24" dev node0
inside ip link set node0 up
inside ip route add default dev node0 src "$NODE_ADDRESS" # kubelet wants one; nothing leaves the network by it
inside sysctl -qw net.ipv4.ip_forward=1

store=http://127.0.0.1:2379
peers=http://127.0.0.1:2380
begin etcd nsenter --net="/run/netns/$NETWORK" etcd --name store --data-dir "$STATE/etcd" --logger zap --log-level warn \
    --listen-client-urls "$store" --advertise-client-urls "$store" \
    --listen-peer-urls "$peers" --initial-advertise-peer-urls "$peers" --initial-cluster "store=$peers"
await etcd 60 inside bash -c '</dev/tcp/127.0.0.1/2379'

begin kube-apiserver nsenter --net="/run/netns/$NETWORK" kube-apiserver --etcd-servers="$store" \
    --bind-address=0.0.0.0 --secure-port=6443 --advertise-address="$NODE_ADDRESS" \
    --service-cluster-ip-range="$SERVICE_NETWORK" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --client-ca-file="$PKI/ca.crt" --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$PKI/accounts.pub" \
    --service-account-signing-key-file="$PKI/accounts.key" --kubelet-preferred-address-types=InternalIP \
    --kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key"
begin entrance socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
    "EXEC:nsenter --net=/run/netns/$NETWORK socat - TCP\:127.0.0.1\:6443"
await kube-apiserver 180 kubectl --kubeconfig "$CONFIGS/admin.conf" get --raw=/readyz

begin kube-controller-manager nsenter --net="/run/netns/$NETWORK" kube-controller-manager \
    --kubeconfig="$CONFIGS/controller-manager.conf" --leader-elect=false --use-service-account-credentials=true \
    --service-account-private-key-file="$PKI/accounts.key" --root-ca-file="$PKI/ca.crt"
begin kube-scheduler nsenter --net="/run/netns/$NETWORK" kube-scheduler \
    --kubeconfig="$CONFIGS/scheduler.conf" --leader-elect=false
"$HERE/node.sh"
echo "the test cluster is up: export KUBECONFIG=$CONFIGS/admin.conf"
