#!/bin/sh
# Installs the Debian packages that building, testing and the demo need, and
# those named as arguments. Calls apt-get only when something is missing; needs
# root or sudo then.
set -eu

GDPR_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$GDPR_ROOT/test/lib/server.sh"

missing_packages() {
	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		"install ok installed") ;;
		*) printf '%s ' "$package" ;;
		esac
	done
}

if ! command -v apt-get >/dev/null 2>&1; then
	find_pg_config && command -v make >/dev/null && exit 0
	die "not a Debian system: install g++, make, cmake, PostgreSQL with its server headers, OpenSSL and libcurl headers, GoogleTest, IPC::Run, GnuPG, Python, Graphviz, clang, SoftHSM and OpenSC by hand"
fi

# clang with its run-time library fuzzes; python3-aiosmtpd is a mail server; softhsm2 and opensc are a PKCS#11 token for the key command; chromium opens the pages of demo/portal.py, which python3-psycopg serves.
missing=$(missing_packages g++ make cmake perl libssl-dev libcurl4-openssl-dev libgtest-dev libipc-run-perl gnupg python3 python3-aiosmtpd python3-psycopg chromium chromium-driver graphviz clang libclang-rt-dev softhsm2 opensc "$@")
server_missing=
if ! find_pg_config; then
	[ -z "${PG_CONFIG:-}" ] || die "$PG_CONFIG cannot build extensions: it lacks PGXS, headers or the server's programs"
	server_missing=1
fi
# The cipher's faster library: for one architecture, and not in every release.
wished=
[ "$(dpkg --print-architecture)" != amd64 ] || wished=$(missing_packages libipsec-mb-dev)
[ -n "$missing$server_missing$wished" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || [ -n "$missing$server_missing" ] || exit 0
	command -v sudo >/dev/null || die "packages are missing, and without sudo only root can install them: $missing"
	as_root=sudo
fi
apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

say "installing packages"
apt update || say "apt-get update failed; trying with what is known"

apt-cache show libipsec-mb-dev >/dev/null 2>&1 || wished=
if [ -n "$server_missing" ]; then
	version=$(apt-cache show postgresql | sed -n 's/^Depends:.*postgresql-\([0-9][0-9]*\).*/\1/p' | head -n 1)
	[ -n "$version" ] || die "apt knows no postgresql package"
	missing="$missing postgresql-$version postgresql-server-dev-$version"
fi

# Debian's package makes and starts a cluster when it is installed. Nobody asked
# for one, so not this time; a machine that has the package keeps its settings.
no_cluster=
if [ -n "$(missing_packages postgresql-common)" ]; then
	no_cluster=/etc/postgresql-common/createcluster.d/gdpr-no-cluster.conf
	$as_root mkdir -p "${no_cluster%/*}"
	echo 'create_main_cluster = false' | $as_root tee "$no_cluster" >/dev/null
	trap '$as_root rm -f "$no_cluster"' EXIT
fi

[ -n "$missing$wished" ] || exit 0
# shellcheck disable=SC2086
apt install --no-install-recommends $missing $wished
