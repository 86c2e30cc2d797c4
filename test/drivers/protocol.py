"""The protocol itself, message by message, as no driver would send it."""
import os
import re
import socket
import struct
import sys

import suite

FIELDS = {"S": "severity", "C": "code", "n": "constraint"}


def string(text):
    return text.encode() + b"\0"


class Connection:
    def __init__(self, options, user=os.environ["PGUSER"]):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(f"{os.environ['PGHOST']}/.s.PGSQL.{os.environ.get('PGPORT', '5432')}")
        self.stream = self.socket.makefile("rb")
        words = {"user": user, "database": os.environ["PGDATABASE"], "options": options}
        body = struct.pack("!i", 196608) + b"".join(string(k) + string(v) for k, v in words.items()) + b"\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.answer()

    def send(self, *messages):
        self.socket.sendall(b"".join(kind.encode() + struct.pack("!i", len(body) + 4) + body for kind, body in messages))

    def answer(self):
        """All messages up to ReadyForQuery, in short."""
        told = []
        while True:
            head = self.stream.read(5)
            if len(head) < 5:
                raise ConnectionError(f"the server is gone after {told}")
            kind, length = chr(head[0]), struct.unpack("!i", head[1:])[0]
            body = self.stream.read(length - 4)
            if kind == "Z":
                return told + [body.decode()]
            if kind not in "SKRN":
                told.append(shorten(kind, body))

    def exchange(self, *messages):
        self.send(*messages)
        return self.answer()


def shorten(kind, body):
    if kind == "T":
        columns, at = [], 2
        for _ in range(struct.unpack("!h", body[:2])[0]):
            end = body.index(b"\0", at)
            column, kind_oid, size, typmod, fmt = struct.unpack("!hihih", body[end + 5:end + 19])
            columns.append((body[at:end].decode(), column, suite.type_name(kind_oid), size, typmod, fmt))
            at = end + 19
        return kind, columns
    if kind == "t":
        return kind, [suite.type_name(oid) for oid in struct.unpack(f"!{(len(body) - 2) // 4}i", body[2:])]
    if kind == "E":
        fields = {chr(f[0]): f[1:].decode() for f in body.split(b"\0") if f}
        return kind, [fields[f] for f in FIELDS if f in fields]
    return kind, body


def parse(name, sql, *types):
    return "P", string(name) + string(sql) + struct.pack(f"!h{len(types)}i", len(types), *types)


def bind(portal, name, values=(), fmt=0, results=0):
    body = b"".join(struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v for v in values)
    return "B", string(portal) + string(name) + struct.pack("!hhh", 1, fmt, len(values)) + body + struct.pack("!hh", 1, results)


def describe(what, name):
    return "D", what.encode() + string(name)


def execute(portal, rows=0):
    return "E", string(portal) + struct.pack("!i", rows)


def close(what, name):
    return "C", what.encode() + string(name)


def call(function, values, fmt=0):
    body = b"".join(struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v for v in values)
    return "F", struct.pack("!ihhh", function, 1, fmt, len(values)) + body + struct.pack("!h", fmt)


FLUSH, SYNC = ("H", b""), ("S", b"")
client = Connection(sys.argv[1])
owner = Connection(sys.argv[1], "driver_owner")


def query(sql):
    return "Q", string(sql)


def tell(name, told):
    """An answer with an error in it counts as a failure."""
    failed = any(isinstance(each, tuple) and each[0] == "E" for each in told)
    if failed:  # Where a constant is folded, Bind already raises what else Execute would.
        told = [each for each in told if each[0] not in "2n"]
    suite.tell(name, suite.Failed(told) if failed else told)


def try_it(name, *messages):
    tell(name, client.exchange(*messages))


def reanalyse():
    """An invalidation of the table: what is prepared over it is analysed again."""
    owner.exchange(query("ALTER TABLE person ALTER id SET STATISTICS 100"))


def as_bytes(kind, value):
    return None if value is None else ("{" + ",".join(value.split("|")) + "}" if kind == "text[]" else value).encode()


# Every statement of the suite: described before it is bound, run, run again in binary, and again after an invalidation.
for name, sql, parameters in suite.statements():
    values = [as_bytes(*each) for each in parameters]
    try_it(name, parse("s", sql), describe("S", "s"), bind("", "s", values), describe("P", ""), execute(""), SYNC)
    if suite.reads(sql):
        reanalyse()
        try_it(name + ": described again", describe("S", "s"), SYNC)
        reanalyse()
        try_it(name + ": binary", bind("p", "s", values, results=1), describe("P", "p"), execute("p"), SYNC)
    try_it("close", close("S", "s"), SYNC)

# Parameter types given in part, and unusual ones.
for given in (), (25,), (0, 1082), (1043, 0), (705, 705), (1042, 1114):
    try_it(f"types {given}", parse("", "SELECT id, name FROM person WHERE email = $1 AND born >= $2 ORDER BY id", *given),
           describe("S", ""), bind("", "", [b"mario@example.it", b"1980-01-01"]), execute(""), SYNC)
try_it("more types than parameters", parse("", "SELECT email FROM person WHERE id = 1", 25, 1082), describe("S", ""), SYNC)
try_it("refused, a gap", parse("", "SELECT id FROM person WHERE email = $3 ORDER BY id"), describe("S", ""), SYNC)
try_it("a gap that is given", parse("", "SELECT id FROM person WHERE email = $3 ORDER BY id", 25, 23), describe("S", ""),
       bind("", "", [None, None, b"mario@example.it"]), execute(""), SYNC)
try_it("refused, types that do not fit", parse("", "SELECT id FROM person WHERE email = $1 AND born = $2", 23, 23), SYNC)
try_it("inserted, types of some", parse("", "INSERT INTO person VALUES ($1, $2, $3, $4, $5, $6) RETURNING *", 23, 0, 25),
       describe("S", ""), bind("", "", [b"200", b"p@example.it", b"p", b"2000-01-01", b"1.239", b"{}"]), execute(""), SYNC)
try_it("binary parameters", parse("", "SELECT id, email FROM person WHERE email = $1 AND born = $2"), describe("S", ""),
       bind("", "", [b"p@example.it", struct.pack("!i", 0)], fmt=1, results=1), execute(""), SYNC)
try_it("refused, a binary date too short", parse("", "SELECT id FROM person WHERE born = $1"),
       bind("", "", [b"xy"], fmt=1), execute(""), SYNC)
try_it("refused, too few values", parse("", "SELECT id FROM person WHERE born = $1"), bind("", "", []), execute(""), SYNC)
try_it("empty", parse("", ""), describe("S", ""), bind("", ""), describe("P", ""), execute(""), SYNC)
try_it("refused, a syntax error", parse("", "SELECT email FRM person"), describe("S", ""), SYNC)
try_it("refused, two statements", parse("", "SELECT email FROM person; SELECT 1"), SYNC)

# Portals.
try_it("portals side by side", parse("a", "SELECT id, email, born FROM person ORDER BY name, id"), bind("x", "a"), bind("y", "a", results=1),
       execute("x", 2), execute("y", 1), execute("x", 1), describe("P", "x"), execute("y", 0), execute("x", 0), SYNC)
try_it("refused, a portal of an ended transaction", execute("x", 1), SYNC)
try_it("a portal in a transaction", query("BEGIN"))
try_it("its first rows", bind("x", "a"), execute("x", 1), SYNC)
reanalyse()
try_it("its next rows", execute("x", 2), SYNC)
try_it("fetched by SQL", query("FETCH 1 FROM x"))
try_it("the statement closed under it", close("S", "a"), execute("x", 1), SYNC)
try_it("its transaction ends", query("COMMIT"))
try_it("rows of DML in parts", query("BEGIN"))
try_it("rows of DML", parse("", "UPDATE person SET name = 'part' WHERE id < 5 RETURNING email, name"), bind("", ""), execute("", 1), execute("", 1), SYNC)
try_it("rolled back", query("ROLLBACK"))
for hold in "", "WITH HOLD":
    try_it(f"cursor {hold}", query("BEGIN"))
    try_it(f"declared {hold}", parse("", f"DECLARE c SCROLL CURSOR {hold} FOR SELECT email, born FROM person WHERE id < 100 ORDER BY born, id"),
           describe("S", ""), bind("", ""), execute(""), SYNC)
    try_it(f"fetched {hold}", parse("f", "FETCH 2 FROM c"), describe("S", "f"), bind("", "f", results=1), describe("P", ""), execute(""), SYNC)
    try_it(f"described by its name {hold}", describe("P", "c"), SYNC)
    try_it(f"run by its name {hold}", execute("c", 1), SYNC)
    try_it(f"moved {hold}", query("MOVE BACKWARD 1 FROM c; FETCH 1 FROM c; FETCH ABSOLUTE 1 FROM c"))
    try_it(f"ended {hold}", query("COMMIT"))
    if hold:
        try_it("held", query("FETCH ALL FROM c; CLOSE c"))
    try_it("close", close("S", "f"), SYNC)
try_it("cursor by parameters", parse("", "DECLARE c CURSOR FOR SELECT email FROM person WHERE email = $1"), describe("S", ""), SYNC)
try_it("current of", query("BEGIN; DECLARE c CURSOR FOR SELECT id, email FROM person WHERE id IN (1, 2) ORDER BY email FOR UPDATE; FETCH c; "
                           "UPDATE person SET name = 'current' WHERE CURRENT OF c RETURNING id, name; ROLLBACK"))
try_it("current of, not locked", query("BEGIN; DECLARE c CURSOR FOR SELECT email FROM person WHERE id = 1; FETCH c; "
                                       "DELETE FROM person WHERE CURRENT OF c RETURNING email; ROLLBACK"))
try_it("current of a sorted one", query("BEGIN; DECLARE c CURSOR FOR SELECT email FROM person ORDER BY email; FETCH c; "
                                                 "DELETE FROM person WHERE CURRENT OF c; ROLLBACK"))
try_it("rolled back", query("ROLLBACK"))

# Pipelines.
try_it("pipeline", *(message for number in range(20) for message in (
    parse("", "SELECT email, born, salary FROM person WHERE id = $1"), bind("", "", [b"%d" % (number % 4)], results=number % 2), execute(""))), SYNC)
try_it("refused in a pipeline", parse("", "SELECT email FROM person WHERE id = 1"), bind("", ""), execute(""),
       parse("", "SELECT born / 0 FROM person"), bind("", ""), execute(""), parse("", "SELECT 1"), bind("", ""), execute(""), SYNC)
client.send(parse("", "SELECT email FROM person WHERE id = 1"), FLUSH, bind("", ""), FLUSH, describe("P", ""), FLUSH, execute("", 1), FLUSH, SYNC, SYNC)
tell("flushed", client.answer() + client.answer())

# Several statements, COPY, and what else a simple query may hold.
try_it("several statements", query("SELECT email FROM person WHERE id = 1; UPDATE person SET name = 'multi' WHERE id = 2 RETURNING name; "
                                   "SELECT DISTINCT name FROM person WHERE id < 3 ORDER BY name;; SELECT born FROM person WHERE id = 2"))
try_it("refused after the first", query("SELECT email FROM person WHERE id = 1; SELECT 1 / 0; SELECT 2"))
try_it("copy out", query("COPY person (id, email, born) TO STDOUT; COPY (SELECT email FROM person ORDER BY id) TO STDOUT (FORMAT binary)"))
try_it("copy out, extended", parse("", "COPY (SELECT email, born FROM person ORDER BY email) TO STDOUT"), describe("S", ""), bind("", ""), execute(""), SYNC)
client.send(parse("", "COPY person (id, email, salary) FROM STDIN"), bind("", ""), execute(""), FLUSH)
client.send(("d", b"210\tcopied\t1.005\n211\t\\N\t\\N\n"), ("c", b""), SYNC)
tell("copy in, extended", client.answer())
client.send(query("COPY person (id, salary) FROM STDIN"), ("d", b"212\tmuch\n"), ("c", b""))
tell("refused copy", client.answer())
client.send(query("COPY person (id, salary) FROM STDIN"), ("d", b"213\t1\n"), ("f", string("enough")))
tell("refused, copy given up", client.answer())
try_it("explain", parse("", "EXPLAIN (COSTS OFF) SELECT id FROM person WHERE id = $1", 23), describe("S", ""), bind("", "", [b"1"]), execute(""), SYNC)
try_it("show", parse("", "SHOW server_encoding"), describe("S", ""), bind("", ""), execute(""), SYNC)
try_it("do", query("DO $$ DECLARE r record; t text; BEGIN FOR r IN SELECT email, born FROM person ORDER BY email LOOP t := r.email; END LOOP; "
                   "EXECUTE 'SELECT email FROM person WHERE email = $1' INTO t USING t; COMMIT; PERFORM name FROM person; END $$"))

# Prepared by SQL: analysed and planned anew by EXECUTE, EXPLAIN EXECUTE, CREATE TABLE AS EXECUTE.
try_it("prepare", query("PREPARE e AS SELECT id, name FROM person WHERE email = $1; PREPARE t AS SELECT id FROM person WHERE born = $1;"
                        "PREPARE o AS SELECT email FROM person WHERE born > $1 ORDER BY email"))
for statement in "EXECUTE e('p@example.it')", "EXECUTE o('1980-01-01')":
    reanalyse()
    try_it(statement, query(statement))
    reanalyse()
    try_it(statement + ", extended", parse("", statement), describe("S", ""), bind("", "", results=1), execute(""), SYNC)
    reanalyse()
    tell("explain", client.exchange(query("EXPLAIN (COSTS OFF) " + statement))[-1:])
    reanalyse()
    try_it(statement + " after EXPLAIN", query(statement))
reanalyse()
try_it("create table as execute", query("CREATE TEMP TABLE made AS EXECUTE t('1980-01-01'); SELECT * FROM made; DROP TABLE made"))
try_it("prepared, described", describe("S", "e"), SYNC)
try_it("prepared, bound", bind("", "e", [b"p@example.it"], results=1), execute(""), SYNC)
try_it("prepared by SQL, in parts", query("BEGIN"))
try_it("some", bind("", "o", [b"1980-01-01"]), execute("", 1), SYNC)
try_it("deallocate under it", query("DEALLOCATE o"))
try_it("end", query("ROLLBACK"))
try_it("parameter types", query("SELECT name, parameter_types FROM pg_prepared_statements ORDER BY name"))

# Functions: by fastpath, whose queries are not the client's own, and by SELECT.
client.exchange(query("CREATE FUNCTION pg_temp.sqlf(text) RETURNS SETOF person LANGUAGE sql AS 'SELECT * FROM person WHERE email = $1 ORDER BY id';"
                      "CREATE FUNCTION pg_temp.plf(text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE p person; BEGIN "
                      "SELECT * INTO p FROM person WHERE email = $1; EXECUTE 'SELECT name FROM person WHERE email = $1' INTO p.name USING p.email; "
                      "RETURN p.name || p.born; END $$;"
                      "CREATE FUNCTION pg_temp.ref() RETURNS refcursor LANGUAGE plpgsql AS $$ DECLARE c refcursor := 'r'; BEGIN "
                      "OPEN c FOR SELECT email, born FROM person ORDER BY email; RETURN c; END $$"))
for function in "sqlf(text)", "plf(text)":
    number = int(re.findall(rb"\d+", [m for m in client.exchange(query(f"SELECT 'pg_temp.{function}'::regprocedure::oid")) if m[0] == "D"][0][1][6:])[0])
    for time in 1, 2:
        told = client.exchange(call(number, [b"p@example.it"]))
        tell(f"fastpath {function}, {time}", told if function.startswith("plf") else [told[0][0], told[-1]])
        reanalyse()
try_it("function", query("SELECT * FROM pg_temp.sqlf('p@example.it'); SELECT pg_temp.plf('p@example.it')"))
try_it("refcursor", query("BEGIN; SELECT pg_temp.ref(); FETCH 2 FROM r; COMMIT"))

# A pooler lends the session to the next client.
for statement in "DISCARD ALL", "RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *", "DISCARD PLANS", "DISCARD TEMP":
    client.exchange(parse("kept", "SELECT email, born FROM person WHERE email = $1"), SYNC)
    try_it(statement, query(statement))
    client.exchange(query(f"SET search_path = {re.search('search_path=([a-z]+)', sys.argv[1])[1]}"))
    try_it("refused after DISCARD" if "ALL" in statement else "after it", bind("", "kept", [b"p@example.it"]), execute(""), SYNC)
    try_it("prepared anew", parse("new", "SELECT email, born FROM person WHERE email = $1"), describe("S", "new"), bind("", "new", [b"p@example.it"]), execute(""), SYNC)
    client.exchange(close("S", "new"), close("S", "kept"), SYNC)
try_it("refused, aborts", query("BEGIN; SELECT nothing FROM person"))
try_it("refused, still aborted", parse("", "SELECT email FROM person"), SYNC)
try_it("refused, aborted fastpath", call(number, [b"x"]))
try_it("rolled back", query("ROLLBACK"))
try_it("state", query("SELECT * FROM person ORDER BY id"))
