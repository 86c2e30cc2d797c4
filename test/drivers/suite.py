"""The common suite, as the Python drivers read it, and how they tell what came of a statement."""
import datetime
import decimal
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST_USER_OID = 16384


def statements():
    """(name, SQL with $1, [(type, value or None)]) in order."""
    found = []
    with open(os.path.join(HERE, "suite.txt"), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("\t"):
                kind, _, value = line[1:].partition(" ")
                found[-1][2].append((kind, {"": None, "\\e": ""}.get(value, value)))
            elif line and not line.startswith("#"):
                name, _, sql = line.partition(": ")
                found.append((name, sql, []))
    return found


def reads(sql):
    return sql.startswith(("SELECT", "WITH")) and "INSERT" not in sql and "UPDATE" not in sql


def in_order(sql, parameters, mark):
    """For drivers that know marks only by their order: the SQL, and a parameter for every mark."""
    used = [parameters[int(number) - 1] for number in re.findall(r"\$(\d+)", sql)]
    return re.sub(r"\$\d+", mark, sql), used


def value_of(kind, value, json):
    """A parameter as the language's own value; json makes one of a document's text."""
    if value is None:
        return None
    return {
        "text": str,
        "int": int,
        "float": float,
        "numeric": decimal.Decimal,
        "date": datetime.date.fromisoformat,
        "json": json,
        "text[]": lambda text: text.split("|"),
    }[kind](value)


def type_name(oid):
    """The number of a type that every database has; user-defined ones differ from table to table."""
    return oid if isinstance(oid, int) and oid < FIRST_USER_OID else "user-defined"


class Failed(tuple):
    """The outcome of a statement that raised."""


def tell(name, outcome):
    """One line: name, whether it worked, and all that the language sees of what came."""
    status = "failed" if isinstance(outcome, Failed) else "done"
    print(name, status, repr(outcome).replace("\t", "\\t"), sep="\t", flush=True)


def tell_repeated(name, outcomes):
    """The outcomes of one statement run again and again should be one."""
    tell(name, outcomes[0] if all(each == outcomes[0] for each in outcomes) else outcomes)
