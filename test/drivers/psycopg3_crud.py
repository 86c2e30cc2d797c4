"""psycopg 3: text and binary, server-side prepared statements, pipelines, binary COPY, server-side cursors."""
import datetime
import decimal
import json
import re
import sys

import psycopg
from psycopg.types.json import Jsonb

import suite

BINARY = sys.argv[2] == "binary"
connection = psycopg.connect("", options=sys.argv[1], autocommit=True)


def columns_of(cursor):
    return [(c.name, suite.type_name(c.type_code), c.display_size, c.internal_size, c.precision, c.scale)
            for c in cursor.description]


def outcome(run, cursor):
    try:
        run(cursor)
        return (columns_of(cursor), cursor.fetchall()) if cursor.description else cursor.rowcount
    except psycopg.Error as error:
        if connection.closed:
            raise
        return suite.Failed((error.sqlstate, type(error).__name__, error.diag.constraint_name))
    except Exception as error:  # pylint: disable=broad-except
        return suite.Failed((repr(error),))


def attempt(name, run, **options):
    with connection.cursor(binary=BINARY, **options) as cursor:
        suite.tell(name, outcome(run, cursor))


def reanalyse():
    """Makes every prepared statement that reads the table be analysed anew."""
    with psycopg.connect("user=driver_owner", options=sys.argv[1], autocommit=True) as other:
        other.execute("ALTER TABLE person ALTER id SET STATISTICS 100")


for name, sql, parameters in suite.statements():
    text = re.sub(r"\$(\d+)", r"%(p\1)b" if BINARY else r"%(p\1)s", sql.replace("%", "%%"))
    values = {f"p{i}": suite.value_of(kind, value, lambda text: Jsonb(json.loads(text)))
              for i, (kind, value) in enumerate(parameters, 1)}
    outcomes = []
    for again in range(8 if suite.reads(sql) else 1):
        if again == 7:
            reanalyse()
        with connection.cursor(binary=BINARY) as cursor:
            outcomes.append(outcome(lambda c: c.execute(text, values or None, prepare=True), cursor))  # pylint: disable=cell-var-from-loop
    suite.tell_repeated(name, outcomes)

attempt("executemany returning", lambda c: c.executemany(
    "INSERT INTO person (id, email, born) VALUES (%s, %s, %s) RETURNING email, born",
    [(60, "m1", datetime.date(2001, 1, 1)), (61, "m2", None)], returning=True))
attempt("several statements", lambda c: c.execute(
    "UPDATE person SET name = 'multi' WHERE id = 60; SELECT name, born FROM person WHERE id = 60"))
with connection.pipeline() as pipeline:
    cursors = [connection.execute("SELECT email, born FROM person WHERE id = %s", (number,)) for number in (60, 61, 60)]
    cursors.append(connection.execute("UPDATE person SET name = %s WHERE id = %s RETURNING name", ("pipe", 60)))
    pipeline.sync()
    for cursor in cursors:
        suite.tell("pipeline", (columns_of(cursor), cursor.fetchall()))
try:
    with connection.pipeline() as pipeline:
        connection.execute("SELECT email FROM person")
        connection.execute("SELECT email FROM person WHERE born = 'never'")
        connection.execute("SELECT email FROM person")
        pipeline.sync()
except psycopg.Error as error:
    suite.tell("refused in a pipeline", suite.Failed((error.sqlstate,)))
attempt("after the pipelines", lambda c: c.execute("SELECT email FROM person WHERE id = 60"))

for fmt in "TEXT", "BINARY":
    with connection.cursor().copy(f"COPY (SELECT * FROM person ORDER BY id) TO STDOUT (FORMAT {fmt})") as copy:
        suite.tell("copy out " + fmt, b"".join(bytes(part) for part in copy))
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY person (id, email, name, born, salary, extra) FROM STDIN (FORMAT {fmt})") as copy:
            if fmt == "BINARY":
                copy.set_types(["int4", "varchar", "text", "date", "numeric", "jsonb"])
            number = 70 if fmt == "TEXT" else 72
            copy.write_row((number, f"copy{number}", "n", datetime.date(2001, 2, 3), decimal.Decimal("5"), Jsonb([1])))
            copy.write_row((number + 1, None, None, None, None, None))
with connection.cursor().copy("COPY (SELECT email, born, salary FROM person ORDER BY id) TO STDOUT (FORMAT BINARY)") as copy:
    copy.set_types(["varchar", "date", "numeric"])
    suite.tell("copy out by rows", list(copy.rows()))

for hold in False, True:
    with connection.transaction():
        named = connection.cursor(name="named", binary=BINARY, withhold=hold, scrollable=True)
        named.execute("SELECT * FROM person WHERE email <> %s ORDER BY id", ("m1",))
        first = named.fetchmany(3)
        named.scroll(-1)
        suite.tell(f"named cursor, hold {hold}", (columns_of(named), first, named.fetchmany(2)))
    if hold:
        suite.tell("named cursor, held", named.fetchall())
        named.close()
with connection.transaction():
    with connection.transaction():
        attempt("in a savepoint", lambda c: c.execute("UPDATE person SET name = 'sp' WHERE id = 60 RETURNING name"))
        raise psycopg.Rollback()
    attempt("after the savepoint", lambda c: c.execute("SELECT name FROM person WHERE id = 60"))
attempt("whole rows", lambda c: c.execute("SELECT p::text FROM person p ORDER BY id"))
if not BINARY:  # A composite value in binary form bears the types that the table declares.
    attempt("whole rows as they are", lambda c: c.execute("SELECT p FROM person p ORDER BY id"))
attempt("rows made on the spot", lambda c: c.execute("SELECT row(email, born, salary) FROM person WHERE id = 2"))
for statement in "DISCARD ALL", "DEALLOCATE ALL":
    connection.execute(statement)
    attempt(statement, lambda c: c.execute("SELECT name FROM person WHERE email = %s", ("m1",), prepare=False))
attempt("state at the end", lambda c: c.execute("SELECT * FROM person ORDER BY id"))
