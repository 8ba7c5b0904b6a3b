#!/bin/sh
# Installs the programs that the tests run: the MariaDB server (tests start it themselves; no service
# is enabled) and its client, Chromium with its driver, curl for the commands of the README, and Node and Kotlin
# for the clients of the service.
set -eu

PATH="$PATH:/usr/sbin:/usr/local/sbin"
packages=
command -v mariadbd >/dev/null || packages="$packages mariadb-server-core"
command -v mariadb-dump >/dev/null || packages="$packages mariadb-client"
[ -x /usr/bin/chromium ] || packages="$packages chromium"
[ -x /usr/bin/chromedriver ] || packages="$packages chromium-driver"
command -v curl >/dev/null || packages="$packages curl"
command -v node >/dev/null || packages="$packages nodejs"
command -v kotlinc >/dev/null || packages="$packages kotlin"
if [ -z "$packages" ]; then
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-packages: needs root or sudo to install the packages:$packages" >&2
        exit 1
    fi
    as_root=sudo
fi
if ! command -v apt-get >/dev/null; then
    echo "install-packages: apt-get was not found; install these packages another way:$packages" >&2
    exit 1
fi

$as_root apt-get update
for package in $packages; do
    # Ubuntu has Chromium only as a snap.
    if ! apt-cache show "$package" >/dev/null 2>&1; then
        echo "install-packages: apt has no package $package here; install it another way. Chromium" \
            "must be at /usr/bin/chromium and its driver at /usr/bin/chromedriver" >&2
        exit 1
    fi
done
# shellcheck disable=SC2086 # a list of packages
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages
