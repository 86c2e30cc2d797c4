#!/bin/sh
# The recipes of doc/recipes.md: every statement runs, in the order of the page, and each recipe does what it says. What
# the page runs out of sight (roles, the token of a mail, what it checks) stands in its comments.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# One script: statements as they are, and for each check a line "ok" or "not ok" with the recipe's title.
awk '
/^## / { title = substr($0, 4); next }
/^```sql$/ || /^<!-- sql$/ { inside = 1; next }
/^```$/ || /^-->$/ { inside = 0; next }
/^<!-- check: .* -->$/ {
	check = $0; sub(/^<!-- check: /, "", check); sub(/ -->$/, "", check)
	gsub(/\047/, "\047\047", title)
	print "RESET ROLE;"
	print "SELECT CASE WHEN (" check ") THEN \047ok\047 ELSE \047not ok\047 END || \047 - " title "\047 AS result \\gset"
	print "\\echo :result"
	next
}
inside { print }
' "$root/doc/recipes.md" >"$work/recipes.sql"

count=$(grep -c '^\\echo :result$' "$work/recipes.sql")
titles=$(grep -c '^## ' "$root/doc/recipes.md")
echo "1..$((titles + 1))"
[ "$count" -eq "$titles" ] && echo "ok 1 - each recipe is checked" || echo "not ok 1 - each recipe is checked"

createdb recipes
psql -X -q -d recipes -c 'CREATE EXTENSION gdpr CASCADE' >/dev/null 2>&1
psql -X -q -At -v ON_ERROR_STOP=1 -d recipes -f "$work/recipes.sql" >"$work/out" 2>"$work/errors" ||
	sed 's/^/# /' "$work/errors"
grep -E '^(not )?ok - ' "$work/out" | awk '{ n++; sub(/ok - /, "ok " n + 1 " - "); print }'
dropdb recipes
psql -X -q -d postgres -c 'DROP ROLE IF EXISTS crm_officer, crm_web, crm_desk, crm_mailer, crm_sync'
