# Reads TAP; prints "<passed> <failed> <skipped>". Subtests, which are
# indented, count as the one assertion that sums them up.
/^ok([ \t]|$)/ {
	ran++
	if ($0 ~ /#[ \t]*[Ss][Kk][Ii][Pp]/) skipped++
	else passed++
}
/^not ok([ \t]|$)/ {
	ran++
	if ($0 ~ /#[ \t]*[Tt][Oo][Dd][Oo]/) skipped++
	else failed++
}
/^1\.\.[0-9]+/ {
	planned = 1
	plan = substr($1, 4) + 0
	if (plan == 0) skipped++
}
/^Bail out!/ { bailed = 1 }
END {
	# A script that stopped short of its plan, or never stated one, has failed.
	if (bailed || !planned || plan != ran + 0) failed++
	printf "%d %d %d\n", passed, failed, skipped
}
