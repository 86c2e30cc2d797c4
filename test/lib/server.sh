# shellcheck shell=sh disable=SC2086
# A private PostgreSQL server for the tests and the demo. Sourced, POSIX shell.
#
# The caller sets GDPR_ROOT to the top of the source tree, calls begin, and may
# then build and install the extension and start a server. Everything that the
# server and the tests write lies in one directory of mode 0700, GDPR_TMP. The
# server listens on a socket in that directory only. When the script ends, for
# whatever reason, the server stops and the directory goes.
#
# PostgreSQL does not run as root. Started by root, servers and tests run as
# the user postgres of Debian's package; started by anyone else, as that user.
# Only apt-get and make install need root, through sudo where necessary.

GDPR_TMP=
GDPR_CHILD=
GDPR_KEEP=

# Words to put before a command: as the owner of the source tree, so that what
# a build leaves there is theirs; as the user who runs servers and tests; as root.
AS_OWNER=
AS_USER=
AS_ROOT=

say() { printf '# %s\n' "$*"; }
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# ---- Beginning and end -----------------------------------------------------

begin() {
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
	unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGOPTIONS \
		PGSSLMODE PGAPPNAME PGDATA PGCLUSTER PGCLIENTENCODING PGTZ PGDATESTYLE
	# PostgreSQL::Test deletes LC_ALL; a bare machine has no LANG.
	LANG=C.UTF-8 LC_ALL=C.UTF-8
	export LANG LC_ALL
	trap at_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM

	if [ "$(id -u)" != 0 ]; then
		AS_ROOT=sudo
	else
		owner=$(stat -c %u "$GDPR_ROOT")
		as_owner="setpriv --reuid=$owner --regid=$(stat -c %g "$GDPR_ROOT") --clear-groups"
		if [ "$owner" != 0 ] && $as_owner test -w "$GDPR_ROOT"; then
			AS_OWNER=$as_owner
		fi
	fi
}

# A script with a last word of its own redefines this.
at_end() {
	status=$?
	clean_up
	exit "$status"
}

clean_up() {
	trap '' HUP INT TERM
	trap - EXIT
	if [ -n "$GDPR_CHILD" ]; then
		kill -TERM -- "-$GDPR_CHILD" 2>/dev/null
		wait "$GDPR_CHILD" 2>/dev/null
	fi
	if [ -n "$GDPR_TMP" ] && [ -z "$GDPR_KEEP" ]; then
		cd / || return
		find "$GDPR_TMP" -name postmaster.pid 2>/dev/null | while IFS= read -r pidfile; do
			$AS_USER "$PG_BIN/pg_ctl" -D "${pidfile%/postmaster.pid}" -m immediate -w stop >/dev/null 2>&1
		done
		rm -rf -- "$GDPR_TMP"
	fi
}

# Run a command that may take long, so that a signal ends it at once together
# with all that it started.
attend() {
	setsid "$@" </dev/null &
	GDPR_CHILD=$!
	wait "$GDPR_CHILD"
	attended=$?
	GDPR_CHILD=
	return "$attended"
}

# ---- Dependencies, build, installation -------------------------------------

# Sets PG_CONFIG to a pg_config that can build extensions, if there is one.
find_pg_config() {
	for candidate in ${PG_CONFIG:-pg_config $(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -t/ -k5,5nr)}; do
		pgxs=$("$candidate" --pgxs 2>/dev/null) || continue
		PG_BIN=$("$candidate" --bindir)
		# Debian's client package brings PGXS without the server's headers.
		if [ -f "$pgxs" ] && [ -x "$PG_BIN/initdb" ] &&
			[ -f "$("$candidate" --includedir-server)/postgres.h" ]; then
			PG_CONFIG=$(command -v "$candidate")
			PG_SRC=$(cd "$(dirname "$pgxs")/.." && pwd)
			export PG_CONFIG
			return 0
		fi
	done
	return 1
}

install_deps() {
	"$GDPR_ROOT/test/lib/deps.sh" || die "dependencies are missing"
	find_pg_config || die "no pg_config that can build extensions; set PG_CONFIG"
	say "$("$PG_CONFIG" --version)"
}

# make_target target ...
make_target() {
	attend $AS_OWNER make --no-print-directory -C "$GDPR_ROOT" -j"$(nproc)" PG_CONFIG="$PG_CONFIG" "$@"
}

# The extension goes into the server's own directories: PostgreSQL before 18
# looks for extensions nowhere else.
install_extension() {
	$AS_ROOT make --no-print-directory -s -C "$GDPR_ROOT" PG_CONFIG="$PG_CONFIG" install
}

# ---- The server ------------------------------------------------------------

make_tmp() {
	[ -z "$GDPR_TMP" ] || return 0
	# Not TMPDIR: the user postgres must reach it, and a socket's path must be short.
	GDPR_TMP=$(mktemp -d /tmp/gdpr.XXXXXX) || die "cannot make a temporary directory"
	if [ "$(id -u)" = 0 ]; then
		chown postgres: "$GDPR_TMP" || die "there is no user postgres to run a server as"
		AS_USER="setpriv --reuid=postgres --regid=$(id -g postgres) --init-groups env HOME=$GDPR_TMP"
	fi
	cd "$GDPR_TMP" || die "cannot enter $GDPR_TMP"
}

# Copy the sources to $GDPR_TMP/src: the user postgres may not be able to read
# the tree, and tests write next to what they read.
stage_sources() {
	make_tmp
	mkdir "$GDPR_TMP/src" &&
		tar -C "$GDPR_ROOT" --exclude=./.git --exclude=./build --exclude=./tmp_check --exclude='*.o' --exclude='*.bc' -cf - . |
		tar -C "$GDPR_TMP/src" --no-same-owner -xf - || die "cannot copy the sources"
	[ "$(id -u)" != 0 ] || chown -R postgres: "$GDPR_TMP/src"
}

# start_server [line of postgresql.conf ...]
# Afterwards psql and its kin connect to it by default, as its superuser.
start_server() {
	make_tmp
	say "starting a private server in $GDPR_TMP"
	$AS_USER "$PG_BIN/initdb" -D "$GDPR_TMP/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
		--no-instructions --no-sync >"$GDPR_TMP/initdb.log" 2>&1 || {
		cat "$GDPR_TMP/initdb.log" >&2
		die "initdb failed"
	}
	{
		printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$GDPR_TMP'" "port = 5432"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} | $AS_USER tee -a "$GDPR_TMP/data/postgresql.conf" >/dev/null
	$AS_USER "$PG_BIN/pg_ctl" -D "$GDPR_TMP/data" -l "$GDPR_TMP/server.log" -w start >/dev/null || {
		cat "$GDPR_TMP/server.log" >&2
		die "the server does not start"
	}
	PGHOST=$GDPR_TMP
	PGPORT=5432
	PGUSER=postgres
	PGDATABASE=postgres
	PATH=$PG_BIN:$PATH
	export PGHOST PGPORT PGUSER PGDATABASE PATH
}

# bench_server [line of postgresql.conf ...]
# A private server with the extension, built as it is; or the running one that PGHOST names, as it stands.
bench_server() {
	[ -z "${PGHOST:-}" ] || return 0
	begin
	install_deps
	make_tmp
	make_target all >"$GDPR_TMP/build.log" 2>&1 || { cat "$GDPR_TMP/build.log" && die "the build failed"; }
	install_extension >"$GDPR_TMP/install.log" 2>&1 || { cat "$GDPR_TMP/install.log" && die "make install failed"; }
	start_server "$@"
}

# Leave the server up, and say how to reach it and how to be rid of it.
keep_server() {
	GDPR_KEEP=1
	printf '\nThe server stays up. Connect:\n\n  %s\n\nStop it and remove everything it wrote:\n\n  %s\n  %s\n' \
		"$PG_BIN/psql -h $GDPR_TMP -U postgres ${1:-postgres}" \
		"${AS_USER:+runuser -u postgres -- }$PG_BIN/pg_ctl -D $GDPR_TMP/data stop" \
		"rm -rf $GDPR_TMP"
}
