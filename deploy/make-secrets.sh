#!/bin/sh
# Writes the secrets of deploy/compose.yaml to deploy/secrets, and keeps those that exist.
set -eu

folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
# Only this user can enter the folder. Each container sees only its own files, as another user.
chmod 700 "$folder"
cd "$folder"

write() {
    [ -e "$1" ] || { cat > "$1" && chmod 444 "$1"; }
}

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

random | write database_root_password
random | write database_password
printf 'mysql://oott:%s@database:3306/oott' "$(cat database_password)" | write oott_database_url
# Dagster's records are in the same database, so that one dump has both.
write oott_records_url < oott_database_url
random | write oott_api_keys
for login in operators viewers; do
    # Nobody can log in until a line is added.
    printf '# NAME HASH, see docs/deploy.md\n' | write "$login"
    chmod 644 "$login"
done
