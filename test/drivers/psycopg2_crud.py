"""psycopg2: text results, parameters written into the statement."""
import io
import json
import sys

import psycopg2
import psycopg2.extras

import suite

connection = psycopg2.connect("", options=sys.argv[1])
connection.autocommit = True


def outcome(run, cursor):
    try:
        run(cursor)
        if cursor.description is None:
            return cursor.rowcount
        columns = [(c.name, suite.type_name(c.type_code), c.display_size, c.internal_size, c.precision, c.scale)
                   for c in cursor.description]
        return columns, cursor.fetchall()
    except psycopg2.Error as error:
        if connection.closed:
            raise
        return suite.Failed((error.pgcode, type(error).__name__, error.diag.constraint_name))
    except Exception as error:  # pylint: disable=broad-except
        return suite.Failed((repr(error),))


def attempt(name, run, **options):
    with connection.cursor(**options) as cursor:
        suite.tell(name, outcome(run, cursor))


for name, sql, parameters in suite.statements():
    text, used = suite.in_order(sql.replace("%", "%%"), parameters, "%s")
    values = [suite.value_of(kind, value, lambda text: psycopg2.extras.Json(json.loads(text))) for kind, value in used]
    with connection.cursor() as cursor:
        suite.tell(name, outcome(lambda c: c.execute(text, values or None), cursor))  # pylint: disable=cell-var-from-loop

# What only this driver has.
attempt("dict cursor", lambda c: c.execute("SELECT * FROM person ORDER BY id"),
        cursor_factory=psycopg2.extras.RealDictCursor)
attempt("execute_values", lambda c: psycopg2.extras.execute_values(
    c, "INSERT INTO person (id, email, born) VALUES %s RETURNING *", [(60, "v1", "2001-01-01"), (61, "v2", None)]))
attempt("execute_batch", lambda c: psycopg2.extras.execute_batch(
    c, "UPDATE person SET name = %s WHERE id = %s", [("batch", 60), ("batch", 61)]))
attempt("executemany", lambda c: c.executemany("UPDATE person SET name = %s WHERE id = %s", [("many", 60), (None, 61)]))
attempt("mogrify list", lambda c: c.execute("SELECT id, email FROM person WHERE email IN %s ORDER BY id", (("v1", "v2"),)))
attempt("several statements", lambda c: c.execute(
    "UPDATE person SET name = 'multi' WHERE id = 60; SELECT name, born FROM person WHERE id = 60"))
for fmt in "", "WITH CSV HEADER":
    def copy_out(_, fmt=fmt):
        with connection.cursor() as cursor:
            out = io.StringIO()
            cursor.copy_expert(f"COPY (SELECT * FROM person ORDER BY id) TO STDOUT {fmt}", out)
            suite.tell("copy out " + fmt, out.getvalue())
    copy_out(None)
attempt("copy in", lambda c: c.copy_from(
    io.StringIO("70\tcopied\tn\t2000-01-01\t1.5\t{\"c\": 1}\n71\t\\N\t\\N\t\\N\t\\N\t\\N\n"), "person"))
attempt("refused copy", lambda c: c.copy_from(io.StringIO("72\tcopied\tn\tnever\t1.5\t{}\n"), "person"))
connection.autocommit = False
for hold in False, True:
    with connection.cursor("named", withhold=hold, scrollable=True) as named:
        named.itersize = 2
        named.execute("SELECT * FROM person ORDER BY id")
        rows = named.fetchmany(3)
        columns = [(c.name, c.type_code) for c in named.description]
        named.scroll(-1)
        if hold:
            connection.commit()
        suite.tell(f"named cursor, hold {hold}", (columns, rows, named.fetchall()))
    connection.commit()
with connection.cursor() as aborted:
    suite.tell("refused, so aborted", outcome(lambda c: c.execute("SELECT nothing FROM person"), aborted))
    suite.tell("refused, still aborted", outcome(lambda c: c.execute("SELECT email FROM person"), aborted))
    connection.rollback()
    suite.tell("after the rollback", outcome(lambda c: c.execute("SELECT email FROM person ORDER BY id LIMIT 1"), aborted))
connection.commit()
connection.autocommit = True
attempt("state at the end", lambda c: c.execute("SELECT * FROM person ORDER BY id"))
