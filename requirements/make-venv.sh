#!/bin/sh
# Creates .venv with Python 3.11 and uv, unless it exists.
set -eu

if [ -x .venv/bin/uv ]; then
    exit 0
fi

python=
for candidate in python3.11 python3 python; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "make-venv: needs Python 3.11, the latest version that DeepSparse 1.8.0 supports; install it" >&2
    exit 1
fi

# On Debian and Ubuntu, venv is a separate package.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
    fi
    if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
        echo "make-venv: this Python has no venv; install the package python3.11-venv" >&2
        exit 1
    fi
    $as_root apt-get update
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends python3.11-venv
fi

# pip's own list of certificates does not contain that of a company's proxy.
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -z "${PIP_CERT:-}" ] && [ -f "$certificates" ]; then
    export PIP_CERT="$certificates"
fi

rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements/uv.txt
