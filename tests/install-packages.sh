#!/bin/sh
# Installs what the tests run besides Python: the MariaDB server, which they start for themselves
# (no service is enabled), Chromium with its driver, and curl, by which the README asks the service.
set -eu

PATH="$PATH:/usr/sbin:/usr/local/sbin"
packages=
command -v mariadbd >/dev/null || packages="$packages mariadb-server-core"
[ -x /usr/bin/chromium ] || packages="$packages chromium"
[ -x /usr/bin/chromedriver ] || packages="$packages chromium-driver"
command -v curl >/dev/null || packages="$packages curl"
if [ -z "$packages" ]; then
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-packages: needs root or sudo; ask for the packages$packages" >&2
        exit 1
    fi
    as_root=sudo
fi
if ! command -v apt-get >/dev/null; then
    echo "install-packages: no apt-get here; install$packages some other way" >&2
    exit 1
fi

$as_root apt-get update
for package in $packages; do
    # Ubuntu ships Chromium as a snap alone.
    if ! apt-cache show "$package" >/dev/null 2>&1; then
        echo "install-packages: apt knows no $package here; install it some other way, Chromium so" \
            "that /usr/bin/chromium and /usr/bin/chromedriver lead to it" >&2
        exit 1
    fi
done
# shellcheck disable=SC2086 # a list of packages
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages
