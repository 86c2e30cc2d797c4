#!/bin/sh
# The tables of doc/types.md are what a server answers: the type-behaviour matrix, each cell of it run, and the list of
# what encrypted columns refuse. GDPR_TYPES_WRITE=1 writes them anew. Prints TAP; connects as PGHOST and its kin say, as
# a superuser.

root=$(cd "$(dirname "$0")/../.." && pwd)
page=$root/doc/types.md
database=gdpr_types

if [ -n "$GDPR_QUICK" ]; then
	echo "1..0 # SKIP takes long"
	exit 0
fi
work=$(mktemp -d) || exit 1
clean_up() {
	cd / || return
	dropdb --if-exists -f $database >/dev/null 2>&1
	rm -rf -- "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

script() { psql -X -q -At -v ON_ERROR_STOP=1 -U postgres -d $database "$@"; }
{
	dropdb --if-exists -f $database && createdb -T template0 $database && script -c 'CREATE EXTENSION gdpr CASCADE' &&
		(cd "$root/test/parity" && script -c 'SET client_min_messages = error' -f matrix.sql)
} >"$work/log" 2>&1 && (cd "$root/test/parity" && script -f page.sql) >"$work/matrix" 2>>"$work/log" || {
	sed 's/^/# /' "$work/log"
	echo "Bail out! the matrix could not be run"
	exit 1
}
# Each function or operator once, with its types.
awk '{ type = $1; sub(/^[^ ]+ /, ""); types[$0] = types[$0] (types[$0] ? ", " : "") type }
	END { for (each in types) print "| `" each "` | " types[each] " |" }' "$root/test/parity/loud.txt" |
	sed 's/` with an array`/`/; s/^| `operator \(.*\)` |/| `\1` |/; s/^| `\(.*\) with an array` |/| `\1`, array of the type with a plain array |/' |
	LC_ALL=C sort >"$work/rows"
{ printf '| function or operator | of |\n| --- | --- |\n' && cat "$work/rows"; } >"$work/refused"

# between what: the lines of the page between two marks
between() { sed -n "/<!-- $1: begin -->/,/<!-- $1: end -->/p" "$page" | sed '1d; $d'; }
for each in matrix refused; do
	if [ -n "$GDPR_TYPES_WRITE" ]; then
		sed -e "/<!-- $each: begin -->/r $work/$each" -e "/<!-- $each: begin -->/,/<!-- $each: end -->/{ /<!-- $each: /!d; }" "$page" >"$work/page" &&
			cat "$work/page" >"$page"
	fi
done
echo 1..4
number=0
for each in matrix refused; do
	number=$((number + 1))
	if between $each | diff -u - "$work/$each" >"$work/log"; then
		echo "ok $number - $each in doc/types.md is what the server answers"
	else
		echo "not ok $number - $each in doc/types.md is what the server answers"
		sed 's/^/# /' "$work/log"
	fi
done
cells=$(script -c 'SELECT count(*) FROM matrix.cell')
tried=$(script -c "SELECT count(*) FROM matrix.verdict WHERE verdict = 'yes'")
[ "$cells" -ge 300 ] && echo "ok 3 - $cells cells were run" || echo "not ok 3 - $cells cells were run"
[ "$tried" -ge 150 ] && echo "ok 4 - $tried of them are as on a plain column" || echo "not ok 4 - $tried of them are as on a plain column"
script -F ' | ' -c "SELECT '# no: ' || name, (SELECT t.plain FROM matrix.type t WHERE t.number = v.type), replace(v.plain, E'\n', ';'), replace(v.sealed, E'\n', ';') FROM matrix.verdict v JOIN matrix.feature f ON f.number = feature WHERE verdict ~ 'no' ORDER BY f.number"
