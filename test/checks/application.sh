#!/bin/sh
# Unchanged SQL: the same application, run against a plain and a protected copy of the demo's CRM, must print the same
# bytes. One assertion for each of its numbered statements. Prints TAP; connects as PGHOST and its kin say, as a
# superuser.

root=$(cd "$(dirname "$0")/../.." && pwd)
crm=$root/demo/crm
plain=gdpr_application_plain
protected=gdpr_application_protected

work=$(mktemp -d) || exit 1
clean_up() {
	cd / || return
	for database in $plain $protected; do dropdb --if-exists "$database" >/dev/null 2>&1; done
	rm -rf -- "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	sed 's/^/# /' "$work/log"
	printf 'Bail out! %s\n' "$1"
	exit 1
}
# quietly what command ...
quietly() {
	what=$1
	shift
	"$@" >"$work/log" 2>&1 || fail "$what"
}
script() { psql -X -q -v ON_ERROR_STOP=1 -U postgres "$@"; }

# Every statement of both runs in a file of its own: $work/<run>/<number>
split() {
	mkdir "$work/$1.d"
	awk -v dir="$work/$1.d" '
		/^-- [0-9]+\. / { close(file); file = dir "/" ($2 + 0) }
		/^-----/ { next }
		file { print > file }
	' "$work/$1"
}

quietly "cannot make the databases" createdb -T template0 $plain
mkdir "$work/csv"
quietly "cannot generate the data" script -d $plain -v dir="$work/csv" -f "$crm/generate.sql"
quietly "cannot make the databases" createdb -T template0 $protected
for database in $plain $protected; do
	quietly "cannot make the schema" script -d "$database" -f "$crm/schema.sql"
	quietly "cannot load the data" script -d "$database" -v dir="$work/csv" -f "$crm/load.sql"
done
quietly "cannot create the extension" script -d $protected -c 'CREATE EXTENSION gdpr CASCADE'
quietly "cannot label" script -d $protected -f "$crm/labels.sql"
quietly "cannot apply" script -d $protected -c 'CALL gdpr.apply()'
encrypted=$(script -At -d $protected -c "SELECT count(*) FROM pg_attribute
	WHERE attrelid::regclass::text LIKE 'crm.%' AND atttypid::regtype::text LIKE 'gdpr.%' AND attnum > 0")

for database in $plain $protected; do
	psql -X -U crm_app -d "$database" -f "$crm/application.sql" >"$work/$database" 2>&1 &
done
wait
split $plain
split $protected

statements=$(grep -E '^-- [0-9]+\. ' "$crm/application.sql" | sed 's/^-- //')
count=$(printf '%s\n' "$statements" | wc -l)
printf '1..%d\n' $((count + 3))
number=0
# assert "name" command ...: one line of TAP
assert() {
	name=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/log" 2>&1; then
		printf 'ok %d - %s\n' $number "$name"
	else
		printf 'not ok %d - %s\n' $number "$name"
		sed 's/^/# /' "$work/log"
	fi
}

assert "the application has at least 60 statements" [ "$count" -ge 60 ]
assert "the protected copy has encrypted columns" [ "$encrypted" -ge 20 ]
printf '%s\n' "$statements" >"$work/statements"
while read -r each what; do
	assert "$each $what" diff -u "$work/$plain.d/${each%.}" "$work/$protected.d/${each%.}"
done <"$work/statements"
assert "the whole output is the same" cmp "$work/$plain" "$work/$protected"
