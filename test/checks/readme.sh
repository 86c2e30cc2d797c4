#!/bin/sh
# The example of README.md: its SQL is that of demo/readme.sql, and the server answers what README.md says.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

ok() { if [ "$1" -eq 0 ]; then echo "ok $2 - $3"; else echo "not ok $2 - $3"; fi; }
without_spaces_at_end() { sed -e 's/[[:space:]]*$//' -e '/^$/d'; }

echo 1..2

# The statements, without comments and blank lines; the demo sets the extension up by itself.
statements() { sed -e 's/[[:space:]]*--.*$//' | grep -v -e CREATE.EXTENSION -e client_min_messages | without_spaces_at_end; }
sed -n '/^```sql$/,/^```$/p' "$root/README.md" | sed '/^```/d' | statements >"$work/said"
statements <"$root/demo/readme.sql" >"$work/run"
diff -u "$work/said" "$work/run" | sed 's/^/# /'
cmp -s "$work/said" "$work/run"
ok $? 1 "README.md shows what demo/readme.sql runs"

sed -n '/readme.sql: begin/,/readme.sql: end/p' "$root/README.md" | sed -e '/^<!--/d' -e '/^```/d' |
	without_spaces_at_end >"$work/expected"
# What CREATE EXTENSION says of the keyring is another matter.
createdb readme_example
grep CREATE.EXTENSION "$root/demo/readme.sql" | psql -X -q -d readme_example >/dev/null 2>&1
grep -v CREATE.EXTENSION "$root/demo/readme.sql" | psql -X -q -P footer=off -d readme_example 2>&1 |
	without_spaces_at_end >"$work/answered"
dropdb readme_example
diff -u "$work/expected" "$work/answered" | sed 's/^/# /'
cmp -s "$work/expected" "$work/answered"
ok $? 2 "and the server answers as README.md says"
