#!/bin/sh
# Builds the server's image without a Docker engine, runs it, and checks its answers:
#   docker/prove.sh [options of `buildah build`]
port=${PORT:-8000}
if curl --silent "http://127.0.0.1:$port/" >/dev/null; then
  echo "Port $port is in use; choose another one: PORT=8080 docker/prove.sh"; exit 1
fi

. "$(dirname "$0")/without_docker.sh"

echo "== build"
# The format of Docker's own images: the other one has no health check.
buildah build --pull=never --format docker "$@" --tag mujoco-websim .
buildah images

echo "== run"
container=$(buildah from --pull=never mujoco-websim)
config() { buildah inspect --type image --format "$1" mujoco-websim; }
echo "user: $(config '{{.Docker.Config.User}}'), command: $(config '{{.Docker.Config.Cmd}}')"
[ "$(config '{{.Docker.Config.User}}')" = websim ]
config '{{.Docker.Config.Healthcheck.Test}}' | grep -q healthz
# Chroot isolation has the machine's own network, so the port is one of this machine.
setsid buildah $storage run "$container" -- websim serve --host 127.0.0.1 --port "$port" &
groups=$!
for _ in $(seq 50); do
  curl --silent --fail "http://127.0.0.1:$port/healthz" >/dev/null && break
  sleep 0.2
done
curl --silent --fail --show-error "http://127.0.0.1:$port/healthz"
echo

check() { # path, header line that must be there exactly once
  count=$(curl --silent --output /dev/null --dump-header - --header 'Accept-Encoding: br' \
    "http://127.0.0.1:$port$1" | tr -d '\r' | grep --count --ignore-case --line-regexp "$2" || true)
  echo "$count x $1: $2"
  [ "$count" = 1 ]
}
wasm=$(curl --silent "http://127.0.0.1:$port/manifest.json" | sed 's/.*"wasm":"\([^"]*\)".*/\1/')
curl --silent "http://127.0.0.1:$port/manifest.json" | grep --only-matching '"engine":"optimised"'
for path in / /sim/worker/worker.js /nothing "$wasm"; do
  check "$path" 'cross-origin-opener-policy: same-origin'
  check "$path" 'cross-origin-embedder-policy: require-corp'
  check "$path" 'cross-origin-resource-policy: same-origin'
done
check "$wasm" 'content-encoding: br'
check "$wasm" 'content-type: application/wasm'
echo "== the server's user and command"
ps -o user:12=,args= -C websim | grep -e "--port $port" | grep -v "^root"
echo "== proved"
