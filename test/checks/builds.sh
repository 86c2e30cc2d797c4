#!/bin/sh
# The CMake build gives what the PGXS build gave: the same SQL, the same symbols, the same files in the same places.
# Runs in a copy of the tree, with the extension already built by PGXS and installed. Prints TAP.

if [ -n "${GDPR_QUICK:-}" ]; then
	echo "1..0 # SKIP a second build takes its time: not with --quick"
	exit 0
fi
if ! command -v cmake >/dev/null; then
	echo "1..0 # SKIP cmake is not installed (test/lib/deps.sh installs it)"
	exit 0
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
failed=0

# check name command ...
check() {
	name=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/out" 2>&1; then
		echo "ok $number - $name"
	else
		failed=1
		echo "not ok $number - $name"
		tail -n 40 "$work/out" | sed 's/^/# /'
	fi
}

exported() { nm -D --defined-only "$1" | awk '$2 != "u" && $2 != "V" && $2 != "W" { print $3 }' | sort; }
same_symbols() {
	exported "$1" >"$work/one"
	exported "$2" >"$work/other"
	[ -s "$work/one" ] && diff "$work/one" "$work/other"
}
linked() { objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }' | grep -e curl -e crypto -e IPSec | sort; }
same_libraries() {
	linked "$1" >"$work/one"
	linked "$2" >"$work/other"
	[ -s "$work/one" ] && diff "$work/one" "$work/other"
}
# A server that does not know the library yet loads it and finds all that it needs.
loads() {
	psql -XAtq -v ON_ERROR_STOP=1 -d postgres -c "LOAD '$1'" -c 'SHOW gdpr.output' | grep -qx auto
}
same_files() {
	(cd "$work/dest" && find . -type f | sed 's/^\.//' | sort) >"$work/one"
	{
		echo "$library"
		ls "$extension"/gdpr.control "$extension"/gdpr--*.sql
	} | sort | diff "$work/one" -
}
refused_without_pg_config() {
	! cmake -S . -B "$work/none" -DPG_CONFIG=/nonexistent/pg_config && grep -q 'set PG_CONFIG' "$work/out"
}

without_intel() {
	if [ "$1" = cmake ]; then
		cmake -S . -B "$work/build" -DIPSEC_MB=OFF && grep -rh 'CXX_DEFINES\|DEFINES =' "$work/build" --include=flags.make --include=build.ninja >"$work/one"
	else
		"$@" -n -B PG_CONFIG="$PG_CONFIG" src/cipher/gcm_ipsec.o gdpr.so >"$work/one"
	fi
	[ -s "$work/one" ] && ! grep -q 'GDPR_IPSEC_MB\|IPSec_MB' "$work/one"
}

library=$("$PG_CONFIG" --pkglibdir)/gdpr.so
extension=$("$PG_CONFIG" --sharedir)/extension

# Unoptimised: this is about what is built, not how fast it is.
check 'cmake configures' cmake -S . -B "$work/build" -DPG_CONFIG="$PG_CONFIG" -DBUILD_TESTING=OFF \
	-DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=
check 'cmake builds' cmake --build "$work/build" -j "$(nproc)"
for script in "$work"/build/gdpr--*.sql; do
	check "$(basename "$script") is the same, byte for byte" cmp "$script" "$extension/$(basename "$script")"
done
check 'the library exports the same symbols' same_symbols "$library" "$work/build/gdpr.so"
check 'it links the same libraries' same_libraries "$library" "$work/build/gdpr.so"
check 'a server loads it' loads "$work/build/gdpr.so"
check 'cmake installs below DESTDIR' env DESTDIR="$work/dest" cmake --install "$work/build"
check 'the same files in the same places' same_files
check 'cmake leaves the cipher to OpenSSL where it is told to' without_intel cmake
check 'make does too' without_intel make IPSEC_MB=
check 'and where the library is not installed' without_intel make CXX="g++ -nostdinc"
check 'a wrong PG_CONFIG is an error that says so' refused_without_pg_config
echo "1..$number"
exit "$failed"
