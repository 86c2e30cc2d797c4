# Reads what a driver told of the plain and of the protected tables (name, "done" or "failed", outcome; tab-separated) and
# prints TAP, one test for each statement. -v driver=... names the driver, -v known=... a file of patterns of what is known
# to differ.
BEGIN {
	while ((getline line <known) > 0)
		if (line !~ /^#/) excused[line]
	FS = "\t"
}
function test(good, name, pattern, todo) {
	for (pattern in excused)
		if (!good && (driver ": " name) ~ ("^" pattern "$")) todo = " # TODO known to differ"
	printf "%sok %d - %s: %s%s\n", good ? "" : "not ", ++tests, driver, name, todo
}
FNR == NR { plain[FNR] = $0; told = FNR; next }
FNR > told { test(0, "more is told of the protected table"); exit }
{
	seen = FNR
	split(plain[FNR], was, FS)
	repeated = was[1] == last ? repeated + 1 : 1
	last = was[1]
	test(plain[FNR] == $0, was[1] (repeated > 1 ? ", time " repeated : ""))
	if (plain[FNR] != $0)
		printf "#   plain:     %s\n#   protected: %s\n", plain[FNR], $0
	if ((was[1] ~ /^refused/) != (was[2] == "failed")) {
		odd++
		printf "# unexpected on the plain table: %s\n", plain[FNR]
	}
}
END {
	test(seen == told && told > 0, "as much is told of both tables")
	# A driver that fails at everything tells the same of both tables.
	test(odd <= told / 10, told - odd " of " told " statements did to the plain table what they should")
	printf "1..%d\n", tests
}
