#!/usr/bin/env bash
# The certificates of a cluster that runs for an hour: one authority, a certificate each, and who logs in with which.
# pki.sh PORT, the port that the API server has on this machine.
set -euo pipefail
# shellcheck source=tests/cluster/env.sh
. "$(dirname "$0")/env.sh"
cd "$PKI"

key() {
    openssl ecparam -genkey -name prime256v1 -noout -out "$1.key"
}

# certificate NAME SUBJECT USAGE [NAMES]: sign one with the authority.
certificate() {
    key "$1"
    {
        echo 'keyUsage = critical, digitalSignature, keyEncipherment'
        echo "extendedKeyUsage = $3"
        [ -z "${4:-}" ] || echo "subjectAltName = $4"
    } >"$1.ext"
    openssl req -new -key "$1.key" -subj "$2" |
        openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" -extfile "$1.ext" 2>/dev/null
}

# config FILE CERTIFICATE SERVER: write a kubeconfig.
config() {
    cat >"$CONFIGS/$1" <<END
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$3", certificate-authority-data: $(base64 -w 0 ca.crt)}}]
users: [{name: $2, user: {client-certificate-data: $(base64 -w 0 "$2.crt"), client-key-data: $(base64 -w 0 "$2.key")}}]
contexts: [{name: test, context: {cluster: test, user: $2}}]
current-context: test
END
    chmod 600 "$CONFIGS/$1"
}

key ca
openssl req -x509 -new -key ca.key -subj /CN=test-cluster -days 2 -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,digitalSignature,cRLSign
certificate apiserver /CN=kube-apiserver serverAuth "IP:127.0.0.1, IP:$SERVICE_ADDRESS, IP:$NODE_ADDRESS"
certificate apiserver-kubelet /O=system:masters/CN=kube-apiserver clientAuth
certificate admin /O=system:masters/CN=admin clientAuth
certificate controller-manager /CN=system:kube-controller-manager clientAuth
certificate scheduler /CN=system:kube-scheduler clientAuth
certificate kubelet "/O=system:nodes/CN=system:node:$NODE" clientAuth
certificate kubelet-server "/O=system:nodes/CN=system:node:$NODE" serverAuth "DNS:$NODE, IP:$NODE_ADDRESS"
openssl genrsa -out accounts.key 2048 2>/dev/null
openssl rsa -in accounts.key -pubout -out accounts.pub 2>/dev/null

config admin.conf admin "https://127.0.0.1:$1"
for name in controller-manager scheduler kubelet; do
    config "$name.conf" "$name" https://127.0.0.1:6443
done
