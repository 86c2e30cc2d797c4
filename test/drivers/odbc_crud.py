"""ODBC: psqlodbc under unixODBC, by pyodbc; statements prepared on the server, or parameters written into them."""
import datetime
import decimal
import os
import sys

import pyodbc

import suite


def connect(user, server_side):
    driver = next(name for name in pyodbc.drivers() if "Unicode" in name)
    # ConnSettings is the driver's way to set something at the start; here it is the search path.
    path = sys.argv[1].removeprefix("-c ").replace("=", " = ", 1)
    made = pyodbc.connect(
        f"Driver={{{driver}}};Servername={os.environ['PGHOST']};Port={os.environ.get('PGPORT', '5432')};Database={os.environ['PGDATABASE']};"
        f"Username={user};UseServerSidePrepare={server_side};UseDeclareFetch={1 - server_side};Fetch=3;BoolsAsChar=0;ConnSettings={{SET {path}}}",
        autocommit=True)
    made.setdecoding(pyodbc.SQL_CHAR, encoding="utf-8")
    made.setdecoding(pyodbc.SQL_WCHAR, encoding="utf-16le")
    made.setencoding(encoding="utf-16le")
    return made


def outcome(run, cursor):
    try:
        run(cursor)
        if cursor.description is None:
            return cursor.rowcount
        return [column[:2] + column[3:] for column in cursor.description], [tuple(row) for row in cursor.fetchall()]
    except pyodbc.Error as error:
        return suite.Failed((error.args[0], type(error).__name__))


def reanalyse():
    owner.execute("ALTER TABLE person ALTER id SET STATISTICS 100")


SERVER_SIDE = int(sys.argv[2])
connection = connect(os.environ["PGUSER"], SERVER_SIDE)
owner = connect("driver_owner", 1)


def attempt(name, run):
    with connection.cursor() as cursor:
        suite.tell(name, outcome(run, cursor))


for name, sql, parameters in suite.statements():
    if any(kind == "text[]" for kind, _ in parameters):
        continue  # ODBC has no arrays.
    text, used = suite.in_order(sql, parameters, "?")
    values = [suite.value_of(kind, value, str) for kind, value in used]
    with connection.cursor() as cursor:
        outcomes = []
        for time in range(5 if suite.reads(sql) else 1):
            if time == 4:
                reanalyse()
            outcomes.append(outcome(lambda c: c.execute(text, values), cursor))  # pylint: disable=cell-var-from-loop
        suite.tell_repeated(name, outcomes)

with connection.cursor() as cursor:
    schema = sys.argv[1].partition("=")[2].partition(",")[0]
    suite.tell("reflected columns", [(row.column_name, row.nullable) for row in cursor.columns(table="person", schema=schema)])
    suite.tell("reflected key", [row.column_name for row in cursor.primaryKeys(table="person", schema=schema)])
    suite.tell("reflected indexes", sorted(str(row.column_name) for row in cursor.statistics(table="person", schema=schema)))
attempt("executemany", lambda c: c.executemany(
    "INSERT INTO person (id, email, born, salary) VALUES (?, ?, ?, ?)",
    [(60 + i, f"m{i}", datetime.date(2001, 1, 1 + i), decimal.Decimal(i)) for i in range(5)]))
attempt("several statements", lambda c: c.execute("UPDATE person SET name = 'multi' WHERE id = 60; SELECT name, born FROM person WHERE id = 60"))
connection.autocommit = False
attempt("refused in a transaction", lambda c: c.execute("SELECT born / 0 FROM person"))
connection.rollback()
attempt("after the rollback", lambda c: c.execute("SELECT email FROM person WHERE id = ?", 60))
connection.commit()
connection.autocommit = True
attempt("state", lambda c: c.execute("SELECT id, email, name, born, salary, extra FROM person ORDER BY id"))
