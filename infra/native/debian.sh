#!/usr/bin/env bash
# Makes a Debian machine ready for the tests that need a real Postgres: installs PostgreSQL (the version that is there,
# else the distribution's default) and pgvector (the distribution's package, else built from Debian's source package).
# Does nothing, quickly, when both are there. Needs root or sudo for installing, and Node for reading the apt sources.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
log=$(mktemp)
work=
trap 'rm -rf "$log" "$work"' EXIT

say() { printf '%4ss  %s\n' "$SECONDS" "$*"; }
fail() { printf 'debian.sh: %s\n' "$*" >&2; exit 1; }
# Runs a command whose output matters only when it fails.
quietly() { "$@" >"$log" 2>&1 </dev/null || { cat "$log" >&2; fail "'$*' failed: the output above says why."; }; }
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || fail "run this as root, or install sudo."
  sudo -n "$@"
}

# The newest installed major version of the server, or nothing.
server_major() {
  local server newest=
  for server in $(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V); do
    [ ! -x "$server" ] || newest=$(basename "$(dirname "$(dirname "$server")")")
  done
  printf '%s' "$newest"
}
has_pgvector() { [ -e "/usr/share/postgresql/$1/extension/vector.control" ]; }
apt_has() { apt-cache show "$1" >/dev/null 2>&1; }

lists_are_fresh=
read_package_lists() {
  [ -z "$lists_are_fresh" ] || return 0
  say "reading the package lists"
  quietly as_root apt-get -qq update
  lists_are_fresh=yes
}
install_packages() {
  read_package_lists
  say "installing $*"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"
}

build_pgvector() {
  local major=$1 config=/usr/lib/postgresql/$1/bin/pg_config
  command -v node >/dev/null || fail "Node is not on the PATH: install it, then run this again."
  install_packages "postgresql-server-dev-$major" build-essential dpkg-dev
  work=$(mktemp -d)
  say "fetching Debian's source package of pgvector"
  quietly node "$here/fetch-source.mjs" pgvector "$work"
  # apt has checked the files against the signed package list; dpkg-source cannot know every maintainer's key.
  quietly dpkg-source --no-check -x "$work"/pgvector_*.dsc "$work/source"
  say "building pgvector for PostgreSQL $major"
  # OPTFLAGS= leaves out -march=native: the library also works when this machine's image runs on another processor.
  quietly make -C "$work/source" -j"$(nproc)" OPTFLAGS= PG_CONFIG="$config"
  quietly as_root make -C "$work/source" install OPTFLAGS= PG_CONFIG="$config"
}

command -v apt-get >/dev/null || fail "this is no Debian: install PostgreSQL and pgvector your system's way."

major=$(server_major)
if [ -z "$major" ]; then
  # The package makes a cluster when it is installed: with checksums, as every cluster of ours.
  clusters=/etc/postgresql-common/createcluster.d
  as_root mkdir -p "$clusters"
  echo "initdb_options = '--data-checksums'" | as_root tee "$clusters/daybook.conf" >/dev/null
  install_packages postgresql
  major=$(server_major)
  [ -n "$major" ] || fail "the package postgresql brought no server: install postgresql-<version> by hand."
fi
if ! has_pgvector "$major"; then
  package=postgresql-$major-pgvector
  read_package_lists
  if apt_has "$package"; then install_packages "$package"; else build_pgvector "$major"; fi
  has_pgvector "$major" || fail "pgvector is not where PostgreSQL $major looks for it (/usr/share/postgresql/$major)."
fi
say "PostgreSQL $major with pgvector is installed"
