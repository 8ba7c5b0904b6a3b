#!/bin/sh
# Installs the MariaDB server that the store tests start for themselves; no service is enabled.
set -eu

if PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v mariadbd >/dev/null; then
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-mariadb: needs root or sudo; ask for the package mariadb-server-core" >&2
        exit 1
    fi
    as_root=sudo
fi
if ! command -v apt-get >/dev/null; then
    echo "install-mariadb: no apt-get here; install the MariaDB server some other way" >&2
    exit 1
fi

$as_root apt-get update
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends mariadb-server-core
