#!/usr/bin/env bash
# Build the images of all services: infra/images.sh, or `make images`. Set by environment variables:
#   IMAGES      where they belong, `<registry>/<repository>`; the app id is appended     (task-platform)
#   TAG         their version                                                           (that of pyproject.toml)
#   BASE_IMAGE  what they are built on                                                  (the Dockerfile's own)
#   ENGINE      docker or buildah                                                       (what is there, docker first)
#   PUSH=1      push them, and print the digest of each as `pulumi config` wants it
#   ARCHIVES    a folder to write each image to, as <app id>.tar
set -euo pipefail
cd "$(dirname "$0")/.."

images=${IMAGES:-task-platform}
tag=${TAG:-$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

engine() {
    if docker version >/dev/null 2>&1; then
        echo docker
    elif command -v buildah >/dev/null; then
        echo buildah
    else
        echo 'images are built by Docker or by buildah, and neither is here: start the Docker engine, or' >&2
        echo 'install buildah (apt-get install buildah; no daemon is needed)' >&2
        return 1
    fi
}
engine=${ENGINE:-$(engine)}

if [ -n "${PUSH:-}" ] && [ ! -e services/frontend/web/out/index.html ]; then
    echo 'the page is not built, and the frontend would be pushed without it: install Node 20.9 or newer, make page' >&2
    exit 1
fi

# build APP: build the image of a service.
build() {
    local arguments=(--target "$1" --tag "$images/$1:$tag" --build-arg "VERSION=$tag" --build-arg "REVISION=$revision")
    [ -z "${BASE_IMAGE:-}" ] || arguments+=(--build-arg "BASE_IMAGE=$BASE_IMAGE")
    case $engine in
    docker) docker build --quiet "${arguments[@]}" . >/dev/null ;;
    # The format of Docker keeps the health check, and layers are what the next image begins with.
    buildah) buildah build --quiet --format docker --layers "${arguments[@]}" . >/dev/null ;;
    *) echo "ENGINE is docker or buildah, not $engine" >&2 && return 1 ;;
    esac
}

# archive APP FILE: write an image to a file that any engine reads.
archive() {
    case $engine in
    docker) docker save --output "$2" "$images/$1:$tag" ;;
    buildah) rm -f "$2" && buildah push --quiet "$images/$1:$tag" "docker-archive:$2:$images/$1:$tag" ;;
    esac
}

# publish APP: push an image, and print its digest.
publish() {
    local file
    case $engine in
    docker)
        docker push --quiet "$images/$1:$tag" >/dev/null
        docker inspect --format '{{index .RepoDigests 0}}' "$images/$1:$tag" | sed 's/.*@//'
        ;;
    buildah)
        file=$(mktemp)
        buildah push --quiet --digestfile "$file" "$images/$1:$tag"
        cat "$file" && rm "$file"
        ;;
    esac
}

[ -z "${ARCHIVES:-}" ] || mkdir -p "$ARCHIVES"
digests=()
mapfile -t apps < <(sed -n 's/^FROM runtime AS //p' Dockerfile)
for app in "${apps[@]}"; do
    build "$app"
    echo "built $images/$app:$tag"
    [ -z "${ARCHIVES:-}" ] || archive "$app" "$ARCHIVES/$app.tar"
    [ -z "${PUSH:-}" ] || digests+=("pulumi config set --path 'imageDigests.$app' $(publish "$app")")
done
[ ${#digests[@]} -eq 0 ] || printf '%s\n' 'pushed; to deploy exactly these:' "${digests[@]}"
