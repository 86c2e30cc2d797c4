"""SQLAlchemy: mapped classes with types of their own, the ORM's queries, and reflection."""
import datetime
import decimal
import sys
import warnings

import sqlalchemy as sa
from sqlalchemy import exc, func, orm
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext import automap

import suite

engine = sa.create_engine("postgresql+psycopg2://", connect_args={"options": sys.argv[1]})
Base = orm.declarative_base()
D = decimal.Decimal


class Person(Base):
    __tablename__ = "person"
    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.String(40), unique=True)
    name = sa.Column(sa.Text)
    born = sa.Column(sa.Date)
    salary = sa.Column(sa.Numeric(10, 2))
    extra = sa.Column(postgresql.JSONB)

    def __repr__(self):
        return repr((self.id, self.email, self.name, self.born, self.salary, self.extra))


def attempt(name, run):
    with orm.Session(engine) as session:
        try:
            outcome = run(session)
            session.commit()
            suite.tell(name, outcome)
        except exc.SQLAlchemyError as error:
            code = getattr(getattr(error, "orig", None), "pgcode", None)
            suite.tell(name, suite.Failed((type(error).__name__, code)))


def person(number, **values):
    values = {"email": f"p{number}@example.it", "name": f"name {number % 3}", "born": datetime.date(1990 + number, 1, 31),
              "salary": D("1000.25") * number, "extra": {"n": number, "tags": ["a", None], "f": 1.5}, **values}
    return Person(id=number, **values)


def rows(query):
    return [tuple(row) if isinstance(row, sa.engine.Row) else row for row in query]


def get_and_set(session):
    found = session.get(Person, 1)
    found.name, found.salary, found.extra = "changed", found.salary + D("0.005"), {**found.extra, "m": [1]}
    session.flush()
    session.refresh(found)
    return found


attempt("add_all", lambda s: s.add_all([person(number) for number in range(1, 11)]))
attempt("add nulls", lambda s: s.add(Person(id=11)))
attempt("get and set", get_and_set)
attempt("all", lambda s: rows(s.query(Person).order_by(Person.id)))
P = Person
for text, build in {
    "filter_by": lambda s: s.query(P).filter_by(email="p2@example.it"),
    "like": lambda s: s.query(P.id).filter(P.email.like("p1%")).order_by(P.email),
    "ilike": lambda s: s.query(P.id).filter(P.name.ilike("%NAME%")).order_by(P.id),
    "contains": lambda s: s.query(P.id).filter(P.email.contains("p3", autoescape=True)),
    "startswith": lambda s: s.query(P.id).filter(P.email.startswith("p")).order_by(P.id),
    "in": lambda s: s.query(P).filter(P.email.in_(["p2@example.it", "p3@example.it"])).order_by(P.born.desc()),
    "not in": lambda s: s.query(P.id).filter(P.name.notin_(["name 1"])).order_by(P.id),
    "between": lambda s: s.query(P.id, P.born).filter(P.born.between(datetime.date(1993, 1, 1), datetime.date(1996, 1, 1))).order_by(P.born),
    "null": lambda s: s.query(P).filter(P.born.is_(None)),
    "distinct from": lambda s: s.query(P.id).filter(P.name.is_distinct_from("name 1")).order_by(P.id),
    "and, or": lambda s: s.query(P.id).filter(sa.or_(P.salary > 5000, sa.and_(P.name == "name 2", P.born < datetime.date(1995, 1, 1)))).order_by(P.id),
    "compare float": lambda s: s.query(P.id).filter(P.salary > 3000.5).order_by(P.id),
    "group": lambda s: s.query(P.name, func.count(), func.max(P.born), func.sum(P.salary), func.avg(P.salary)).group_by(P.name).order_by(P.name),
    "having": lambda s: s.query(P.name).group_by(P.name).having(func.count() > 3),
    "distinct": lambda s: s.query(P.name).distinct().order_by(P.name),
    "functions": lambda s: s.query(func.lower(P.email), func.length(P.name), func.coalesce(P.name, "none"), P.name + "!", P.salary * 2,
                                   func.extract("year", P.born)).order_by(P.id),
    "extract": lambda s: s.query(P.id).filter(sa.extract("year", P.born) == 1995),
    "cast": lambda s: s.query(sa.cast(P.salary, sa.Integer), sa.cast(P.born, sa.String)).order_by(P.id),
    "case": lambda s: s.query(sa.case((P.salary > 3000, "rich"), else_=P.name)).order_by(P.id),
    "json": lambda s: s.query(P.extra["n"].astext, P.extra["tags"][0], P.extra[("tags", "0")].astext).order_by(P.id),
    "json filter": lambda s: s.query(P.id).filter(P.extra["n"].astext.cast(sa.Integer) > 5).order_by(P.id),
    "json contains": lambda s: s.query(P.id).filter(P.extra.contains({"n": 4})),
    "json has key": lambda s: s.query(P.id).filter(P.extra.has_key("m")),
    "page": lambda s: s.query(P).order_by(P.salary.desc().nullslast()).limit(2).offset(1),
    "window": lambda s: s.query(P.id, func.row_number().over(partition_by=P.name, order_by=P.born)).order_by(P.id),
    "for update": lambda s: s.query(P).filter(P.id < 3).order_by(P.email).with_for_update(skip_locked=True),
    "subquery": lambda s: s.query(P.id).filter(P.email.in_(sa.select(P.email).where(P.salary > 4000))).order_by(P.id),
    "union": lambda s: s.query(P.email).filter(P.id == 1).union(s.query(P.email).filter(P.id == 2)).order_by(P.email),
    "array_agg": lambda s: s.query(func.array_agg(postgresql.aggregate_order_by(P.name, P.id))),
    "aliased join": lambda s: (lambda o: s.query(P.id, o.id).join(o, sa.and_(o.name == P.name, o.id > P.id)).order_by(P.id, o.id))(orm.aliased(P)),
}.items():
    attempt(text, lambda s: rows(build(s)))  # pylint: disable=cell-var-from-loop
attempt("count", lambda s: s.query(P).filter(P.email.isnot(None)).count())
attempt("exists", lambda s: s.query(s.query(P).filter(P.email == "p5@example.it").exists()).scalar())
attempt("scalar", lambda s: s.scalar(sa.select(func.max(P.born))))
attempt("update", lambda s: s.query(P).filter(P.name == "name 1").update({P.salary: P.salary + 1, P.name: P.name + "?"}, synchronize_session=False))
attempt("update and evaluate", lambda s: s.query(P).filter(P.name == "name 2").update({P.name: "two"}, synchronize_session="fetch"))
attempt("bulk_update_mappings", lambda s: s.bulk_update_mappings(P, [{"id": 1, "born": datetime.date(1970, 1, 1)}, {"id": 2, "born": None}]))
attempt("bulk_insert_mappings", lambda s: s.bulk_insert_mappings(P, [{"id": 30, "email": "bulk1"}, {"id": 31, "email": "bulk2"}]))
attempt("upsert", lambda s: rows(s.execute((lambda i: i.on_conflict_do_update(index_elements=["email"], set_={"name": i.excluded.name}))(
    postgresql.insert(P).values(id=40, email="bulk1", name="upserted")).returning(P.id, P.name))))
attempt("insert returning", lambda s: rows(s.execute(sa.insert(P).values(id=41, email="r", born=datetime.date(2001, 1, 1)).returning(P.email, P.born))))
attempt("delete", lambda s: s.query(P).filter(P.email.like("bulk%")).delete(synchronize_session=False))
attempt("delete one", lambda s: s.delete(s.get(P, 41)))
attempt("refused duplicate", lambda s: s.add(person(50, email="p3@example.it")))
attempt("refused length", lambda s: s.add(person(51, email="x" * 41)))
attempt("refused overflow", lambda s: s.add(person(52, salary=D("1e9"))))
attempt("refused text as date", lambda s: rows(s.query(P).filter(P.born == sa.cast("never", sa.Date))))
attempt("streamed", lambda s: rows(s.execute(sa.select(P).order_by(P.id).execution_options(stream_results=True, yield_per=2)).scalars()))
with engine.connect() as connection:
    result = connection.execute(sa.text("SELECT * FROM person ORDER BY email"))
    suite.tell("untyped columns", [(c[0], c[1]) for c in result.cursor.description] + rows(result))

# Reflection sees the declared types, which differ: it must bear them, and what is reflected must work.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", exc.SAWarning)
    reflected = sa.Table("person", sa.MetaData(), autoload_with=engine)
    mapped = automap.automap_base()
    mapped.prepare(autoload_with=engine)
suite.tell("reflected columns", [(c.name, c.nullable, c.primary_key) for c in reflected.columns])
suite.tell("reflected constraints", sorted((u["name"], tuple(u["column_names"])) for u in sa.inspect(engine).get_unique_constraints("person")))
suite.tell("reflected checks", len(sa.inspect(engine).get_check_constraints("person")))
R, A = reflected.c, mapped.classes.person
attempt("select by reflection", lambda s: rows(s.execute(sa.select(reflected).where(R.email == "p3@example.it"))))
attempt("order by reflection", lambda s: rows(s.execute(sa.select(R.email, R.born, R.salary, R.extra).order_by(R.born, R.id))))
attempt("insert by reflection", lambda s: s.execute(reflected.insert().values(
    id=60, email="reflected", born=datetime.date(2002, 2, 2), salary=D("1.005"))).rowcount)
attempt("automap", lambda s: [(a.id, a.email, a.born, a.salary) for a in s.query(A).filter(A.email != "nobody").order_by(A.id)])
attempt("automap add", lambda s: s.add(A(id=61, email="automapped", name="n")))
attempt("state", lambda s: rows(s.query(P).order_by(P.id)))
