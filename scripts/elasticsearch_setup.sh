#!/bin/bash
# Makes what Elasticsearch and its client need to trust each other: an authority, the node's certificate, a random
# passwords. What is there stays. $1: a folder for the node; $2: one for the node and its clients.
set -euo pipefail
umask 027
node=$1 client=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

certificates() {
  local new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650)
  openssl req -x509 "${new_key[@]}" -subj "/CN=imagesearch" -keyout "$work/ca.key" -out "$client/ca.crt" \
    -addext "keyUsage=critical,keyCertSign,cRLSign"
  openssl req -x509 "${new_key[@]}" -subj "/CN=elasticsearch" -keyout "$work/node.key" -out "$node/node.crt" \
    -CA "$client/ca.crt" -CAkey "$work/ca.key" \
    -addext "basicConstraints=critical,CA:FALSE" -addext "subjectAltName=DNS:elasticsearch,DNS:localhost,IP:127.0.0.1"
  chmod 640 "$work/node.key"
  mv "$work/node.key" "$node/node.key" # the last one: with it all are there
}

password() {
  openssl rand -hex 24 >"$work/$1"
  mv "$work/$1" "$client/$1"
}

[[ -s $client/ca.crt && -s $node/node.crt && -s $node/node.key ]] || certificates
[[ -s $client/kibana_password ]] || password kibana_password
[[ -s $client/password ]] || password password
