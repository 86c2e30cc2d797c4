#!/bin/sh
# Resolution parity: every operator and function of pg_catalog gives the same type and value, or the same error, on
# encrypted columns as on plain ones; and expressions over plain types give the same with and without the extension.
# What the encrypted side refuses must be in test/parity/loud.txt. Prints TAP; connects as PGHOST and its kin say, as a
# superuser. GDPR_PARITY_KEEP leaves the database behind, GDPR_PARITY_WRITE=FILE writes what is refused.

here=$(cd "$(dirname "$0")/../parity" && pwd)
with=gdpr_parity_with
without=gdpr_parity_without

if [ -n "$GDPR_QUICK" ]; then
	echo "1..0 # SKIP takes long"
	exit 0
fi
work=$(mktemp -d) || exit 1
clean_up() {
	cd / || return
	[ -n "$GDPR_PARITY_KEEP" ] || for database in $with $without; do dropdb --if-exists -f "$database" >/dev/null 2>&1; done
	rm -rf -- "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

script() { psql -X -q -At -v ON_ERROR_STOP=1 -U postgres "$@"; }
# make database: the values and the expressions
make() {
	dropdb --if-exists -f "$1" >"$work/log" 2>&1 && createdb -T template0 "$1" >"$work/log" 2>&1 &&
		{ [ "$1" = $without ] || script -d "$1" -c 'CREATE EXTENSION gdpr CASCADE' >"$work/log" 2>&1; } &&
		(cd "$here" && script -d "$1" -f values.sql -f outcome.sql -f expressions.sql -f constructs.sql -f run.sql -c 'SELECT parity.fill()') >"$work/log" 2>&1
}
fail() {
	sed 's/^/# /' "$work/log"
	printf 'Bail out! %s\n' "$1"
	exit 1
}
for database in $with $without; do
	make "$database" || fail "cannot make the database $database"
done

types=$(script -d $with -c "SELECT parity.word(plain) FROM parity.shipped ORDER BY 1")
printf '1..%d\n' $(($(printf '%s\n' "$types" | wc -l) * 2 + 3))
number=0
# assert "name" file: the file must be empty
assert() {
	number=$((number + 1))
	if [ -s "$2" ]; then
		printf 'not ok %d - %s\n' $number "$1"
		sed -n 's/^/# /; 1,40p' "$2"
	else
		printf 'ok %d - %s\n' $number "$1"
	fi
}

# Two at a time.
printf '%s\n' "$types" | xargs -P 2 -I TYPE psql -X -q -At -U postgres -d $with -v ON_ERROR_STOP=1 \
	-c 'SET client_min_messages = error' -c "SELECT parity.generate('pg_catalog.\"TYPE\"'), parity.generate_constructs('pg_catalog.\"TYPE\"')" \
	-c "SELECT parity.try_all('pg_catalog.\"TYPE\"')" >"$work/log" 2>&1 || fail "an enumeration stopped"

for type in $types; do
	count=$(script -d $with -c "SELECT sum(same + loud + silent) FROM parity.tried WHERE parity.word(type) = '$type'")
	script -d $with -F ' | ' -c "SELECT template, replace(left(plain, 200), E'\n', '; '), replace(left(sealed, 200), E'\n', '; ')
		FROM parity.difference WHERE parity.word(type) = '$type' AND parity.verdict(plain, sealed) = 'silent' ORDER BY 1" >"$work/silent"
	[ "${count:-0}" -ge 500 ] || echo "only ${count:-0} expressions were tried" >>"$work/silent"
	assert "$type: no silent difference in $count expressions" "$work/silent"
	script -d $with -c "SELECT DISTINCT '$type ' || parity.subject(template)
		FROM parity.difference WHERE parity.word(type) = '$type' AND parity.verdict(plain, sealed) = 'loud'" | LC_ALL=C sort >"$work/loud"
	cat "$work/loud" >>"$work/all_loud"
	LC_ALL=C comm -23 "$work/loud" "$here/loud.txt" >"$work/unlisted"
	assert "$type: what is refused is listed" "$work/unlisted"
done
[ -z "$GDPR_PARITY_WRITE" ] || LC_ALL=C sort "$work/all_loud" >"$GDPR_PARITY_WRITE"
script -d $with -c "SELECT format('%s of %s', loud, tried) FROM (SELECT sum(same + loud + silent) AS tried FROM parity.tried) t,
	(SELECT count(*) AS loud FROM parity.difference WHERE parity.verdict(plain, sealed) = 'loud') l
	WHERE loud >= tried / 100" >"$work/share"
assert "less than one expression in a hundred is refused" "$work/share"

for database in $with $without; do
	(cd "$here" && script -d "$database" -c 'SET client_min_messages = error' -f plain.sql) >"$work/log" 2>&1 &
done
wait
for database in $with $without; do
	script -d "$database" -F ' => ' -c "SELECT template, replace(outcome, E'\n', '; ') FROM parity.plain_outcome ORDER BY template COLLATE \"C\", outcome COLLATE \"C\"" \
		>"$work/$database" 2>"$work/log" || fail "plain expressions could not be tried"
done
[ "$(wc -l <"$work/$with")" -ge 30000 ] || echo "too few" >"$work/few"
assert "plain expressions were tried: $(wc -l <"$work/$with")" "$work/few"
diff "$work/$without" "$work/$with" | grep '^[<>]' >"$work/plain"
assert "plain expressions give the same with and without the extension" "$work/plain"
