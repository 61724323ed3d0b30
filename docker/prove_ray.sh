#!/bin/sh
# Builds the image of a Ray node without a Docker engine, makes a cluster of a head and a worker, and
# learns on it:
#   docker/prove_ray.sh [options of `buildah build`]
. "$(dirname "$0")/without_docker.sh"

echo "== build"
buildah build --pull=never --format docker "$@" --target ray --tag mujoco-websim-ray .
buildah images
config() { buildah inspect --type image --format "$1" mujoco-websim-ray; }
echo "user: $(config '{{.Docker.Config.User}}'), command: $(config '{{.Docker.Config.Cmd}}')"
[ "$(config '{{.Docker.Config.User}}')" = websim ]

echo "== a cluster of two containers"
# Chroot isolation has the machine's own network, of which each has an address.
RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
export RAY_AUTH_MODE RAY_AUTH_TOKEN
head=$(buildah from --pull=never mujoco-websim-ray)
worker=$(buildah from --pull=never mujoco-websim-ray)
in_container() { # which, command
  container=$1; shift
  buildah run --env RAY_AUTH_MODE --env RAY_AUTH_TOKEN "$container" -- "$@"
}
start() { # container, address, other options of `ray start`
  container=$1 address=$2; shift 2
  setsid buildah $storage run --env RAY_AUTH_MODE --env RAY_AUTH_TOKEN "$container" -- \
    ray start "$@" --node-ip-address="$address" --num-cpus=1 --object-store-memory=80000000 \
    --disable-usage-stats --block >"$work/$address.log" 2>&1 &
  groups="$groups $!"
}
start "$head" 127.0.0.1 --head --port=6379 --include-dashboard=false
for _ in $(seq 60); do
  in_container "$head" ray health-check --address 127.0.0.1:6379 2>/dev/null && break
  sleep 1
done
start "$worker" 127.0.0.2 --address=127.0.0.1:6379
in_container "$head" env RAY_ADDRESS=127.0.0.1:6379 websim train InvertedPendulum-v5 --ranks 2 \
  --backend ray --total-timesteps 20e3 --output /tmp/runs >"$work/run.log" 2>&1 || {
  tail -n 20 "$work"/*.log; exit 1; }
# A rank takes a CPU, and each container has one.
tr '\r' '\n' <"$work/run.log" | grep "2 of 2 ranks"
tr '\r' '\n' <"$work/run.log" | grep "Done. The policy is in"
echo "== proved"
