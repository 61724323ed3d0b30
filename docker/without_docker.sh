#!/bin/sh
# What proves an image where there is no Docker engine: buildah with chroot isolation, and the base image
# made by debootstrap under the name that the Dockerfile asks for. For root on Debian:
#   apt-get install buildah debootstrap curl
# A machine with certificates or package settings of its own mounts them while building, so that they do
# not stay in the image:
#   docker/prove.sh --volume "$PWD/pip.conf:/etc/pip.conf:ro" --volume "$PWD/ca.crt:/mnt/ca.crt:ro"
# vfs keeps a copy of every layer: about 6 GB below /tmp, which are removed at the end.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d /tmp/websim-docker-XXXXXX)
export BUILDAH_ISOLATION=chroot
storage="--storage-driver vfs --root $work/root --runroot $work/run"
buildah() { command buildah $storage "$@"; }

groups=
finish() {
  # Whole groups: buildah does not pass signals on to what it runs.
  for group in $groups; do kill -- "-$group" 2>/dev/null || true; done
  wait
  buildah rm --all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

echo "== base image debian:bookworm-slim"
debootstrap --variant=minbase bookworm "$work/base" >"$work/debootstrap.log" 2>&1 || {
  tail -n 20 "$work/debootstrap.log"; exit 1; }
rm -rf "$work/base/var/cache/apt/archives" "$work/base/var/lib/apt/lists"
scratch=$(buildah from scratch)
buildah add --quiet "$scratch" "$work/base" / >/dev/null
buildah commit --quiet "$scratch" debian:bookworm-slim >/dev/null
buildah rm "$scratch" >/dev/null
rm -rf "$work/base"
