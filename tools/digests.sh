#!/bin/sh
# Pins the images that Dockerfile and compose.yaml name: writes behind each tag the digest that the
# registry has for it now, of the index of all platforms. Needs docker with buildx, and the network.
set -eu

pin() {
    file=$1 image=$2
    digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image")
    case $digest in
    sha256:????????????????????????????????????????????????????????????????) ;;
    *)
        echo "$image has no digest: $digest" >&2
        exit 1
        ;;
    esac
    written=$(sed "s|$image\(@sha256:[0-9a-f]*\)\{0,1\}\$|$image@$digest|" "$file")
    printf '%s\n' "$written" >"$file"
    echo "$file: $image@$digest"
}

named() {
    sed -n "s/^ *$2\([^@ ]*\).*/\1/p" "$1"
}

pin Dockerfile "$(named Dockerfile 'ARG PYTHON=')"
pin compose.yaml "$(named compose.yaml 'image: ')"
