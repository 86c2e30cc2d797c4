"""Django: models, migrations and the queries of its ORM.

    django_crud.py OPTIONS migrate   makes the tables by makemigrations and migrate
    django_crud.py OPTIONS           works on them
"""
import datetime
import decimal
import io
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "django_project"))
os.environ.update(DRIVER_OPTIONS=sys.argv[1], DJANGO_SETTINGS_MODULE="settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import Error, connection, models, transaction  # noqa: E402
from django.db.models import Avg, Case, Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Sum, Value, When  # noqa: E402
from django.db.models.functions import Coalesce, Concat, ExtractYear, Length, Lower, TruncMonth, Upper  # noqa: E402

import suite  # noqa: E402
from crm.models import Company, Contact  # noqa: E402

if sys.argv[2:] == ["migrate"]:
    call_command("makemigrations", "crm", verbosity=0)
    call_command("migrate", verbosity=0)
    sys.exit()

C, D, TEXT, date = Contact.objects, decimal.Decimal, models.TextField(), datetime.date


def attempt(name, run):
    try:
        with transaction.atomic():
            outcome = run()
            if isinstance(outcome, models.QuerySet):
                outcome = list(outcome)
        suite.tell(name, outcome)
    except Error as error:
        suite.tell(name, suite.Failed((type(error).__name__, getattr(error.__cause__, "pgcode", None))))


def contact(number, **values):
    return Contact(**{"email": f"c{number}@example.it", "name": f"Name {number % 3}", "nickname": f"n{number % 2}",
                      "born": date(1980 + number, 2, 28), "salary": D("1000.50") * number,
                      "extra": {"n": number, "tags": ["a", None], "deep": {"x": number * 1.5}}, **values})


def save_again():
    found = C.get(email="c1@example.it")
    found.name, found.salary, found.extra["added"] = "Saved", D("1.01"), "ü"
    found.save()
    found.refresh_from_db()
    return found


def migrations():
    out = io.StringIO()
    call_command("makemigrations", "crm", dry_run=True, stdout=out)
    call_command("migrate", stdout=out, no_color=True)
    call_command("check", stdout=out)
    return out.getvalue()


def add_column():
    with connection.schema_editor() as editor:
        field = models.CharField(max_length=10, null=True)
        field.set_attributes_from_name("later")
        editor.add_field(Contact, field)
        editor.remove_field(Contact, field)
    return "added and removed"


acme = []
attempt("create", lambda: acme.append(Company.objects.create(name="ACME")))
attempt("bulk_create", lambda: len(C.bulk_create([contact(n, company=acme[0] if n < 5 else None) for n in range(1, 11)])))
attempt("create nulls", lambda: repr(C.create(email="null@example.it", extra=None)))
attempt("save", save_again)
attempt("all", lambda: C.all())
attempt("get_or_create, there", lambda: repr(C.get_or_create(email="c2@example.it", defaults={"name": "no"})))
attempt("get_or_create, new", lambda: repr(C.get_or_create(email="new@example.it", defaults={"name": "yes", "born": date(2000, 1, 1)})))
attempt("update_or_create", lambda: repr(C.update_or_create(email="new@example.it", defaults={"name": "changed", "salary": 5})))
attempt("bulk_create, conflicts ignored", lambda: len(C.bulk_create([contact(1), contact(20)], ignore_conflicts=True)))
for lookup, value in {
    "email": "c3@example.it", "email__iexact": "C3@EXAMPLE.IT", "email__contains": "c1", "email__icontains": "C1", "email__startswith": "c",
    "email__istartswith": "C", "email__endswith": ".it", "email__regex": "^c[12]@", "email__iregex": "^C[12]@", "email__in": ["c3@example.it", "x"],
    "email__gt": "c5", "name__exact": "Name 1", "nickname__isnull": True, "nickname": None, "born": date(1985, 2, 28), "born__year": 1985,
    "born__year__gte": 1987, "born__month": 2, "born__week_day": 3, "born__range": (date(1983, 1, 1), date(1986, 1, 1)), "born__lt": date(1983, 1, 1),
    "salary": D("2001"), "salary__gt": 3000, "salary__lte": D("3001.5"), "salary__in": [D("2001.00"), D("4002.00")], "extra__n": 4, "extra__n__gt": 7,
    "extra__deep__x": 4.5, "extra__tags__0": "a", "extra__contains": {"n": 5}, "extra__has_key": "added", "extra__isnull": True,
    "extra__added__icontains": "Ü", "company__name": "ACME", "company__name__icontains": "acm", "name__length__gt": 5,
}.items():
    if lookup.startswith("name__length"):
        models.TextField.register_lookup(Length)
    attempt("filter " + lookup, lambda: C.filter(**{lookup: value}))  # pylint: disable=cell-var-from-loop
    attempt("exclude " + lookup, lambda: C.exclude(**{lookup: value}).values_list("email", flat=True))  # pylint: disable=cell-var-from-loop
for text, build in {
    "order_by": lambda: C.order_by("-salary", "name", "born"),
    "order_by nulls": lambda: C.order_by(F("born").desc(nulls_last=True), "email"),
    "order_by lower": lambda: C.order_by(Lower("name"), "email").values_list("name", "email"),
    "order_by unknown column": lambda: C.order_by("company__name", "-email"),
    "values": lambda: C.values("email", "born", "salary", "extra"),
    "values of documents": lambda: C.order_by("email").values_list("extra__n", "extra__deep__x"),
    "distinct": lambda: C.order_by("name").values_list("name").distinct(),
    "distinct on": lambda: C.order_by("name", "email").distinct("name"),
    "only": lambda: C.only("email")[:3],
    "slice": lambda: C.all()[2:5],
    "reverse": lambda: C.reverse()[:2],
    "Q": lambda: C.filter(Q(name="Name 1") | Q(born__gt=date(1987, 1, 1)) & ~Q(nickname="n1")),
    "F": lambda: C.filter(salary__gt=F("id") * 500, name__gt=F("email")),
    "group": lambda: C.order_by("name").values("name").annotate(n=Count("id"), oldest=Min("born"), top=Max("salary"), total=Sum("salary"), mean=Avg("salary")),
    "having": lambda: C.order_by("name").values("name").annotate(n=Count("id")).filter(n__gt=2),
    "functions": lambda: C.annotate(up=Upper("email"), size=Length("name"), either=Coalesce("nickname", "name", Value("-"), output_field=TEXT),
                                    both=Concat("name", Value(" <"), "email", Value(">"), output_field=TEXT), year=ExtractYear("born"), month=TruncMonth("born")
                                    ).values_list("up", "size", "either", "both", "year", "month"),
    "case": lambda: C.annotate(kind=Case(When(salary__gt=5000, then=Value("high")), default=F("name"), output_field=TEXT)).values_list("kind"),
    "exists": lambda: C.filter(Exists(C.filter(name=OuterRef("name")).exclude(pk=OuterRef("pk")))),
    "subquery": lambda: C.annotate(eldest=Subquery(C.filter(name=OuterRef("name")).order_by("born").values("email")[:1])).values_list("email", "eldest"),
    "in a query": lambda: C.filter(email__in=C.filter(salary__gt=4000).values("email")),
    "union": lambda: C.filter(email="c1@example.it").union(C.filter(email="c2@example.it")).order_by("email"),
    "select_related": lambda: C.select_related("company").filter(company__isnull=False),
    "prefetch_related": lambda: [list(c.contacts.all()) for c in Company.objects.prefetch_related("contacts")],
    "select_for_update": lambda: C.select_for_update(skip_locked=True, of=("self",)).filter(email__lt="c3"),
    "raw": lambda: list(C.raw("SELECT * FROM crm_contact WHERE email = %s", ["c3@example.it"])),
    "aggregate": lambda: sorted(C.aggregate(Count("email"), Min("email"), Max("name"), Min("born"), Max("born"), Sum("salary"), Avg("salary")).items()),
    "count distinct": lambda: C.aggregate(n=Count("name", distinct=True)),
    "count": lambda: C.filter(email__contains="c").count(),
    "earliest": lambda: C.earliest("born"),
    "dates": lambda: C.dates("born", "year"),
    "in_bulk": lambda: sorted(C.in_bulk(["c1@example.it", "c2@example.it"], field_name="email").items()),
    "iterator": lambda: list(C.all().iterator(chunk_size=2)),
    "explain": lambda: C.filter(email="c1@example.it").explain() != "",
}.items():
    attempt(text, build)
attempt("update", lambda: C.filter(name="Name 2").update(name="Two", salary=F("salary") + 1, born=None))
attempt("update with an expression", lambda: C.filter(name="Two").update(name=Concat("name", Value("!"), output_field=TEXT), nickname=Upper("nickname")))
attempt("bulk_update", lambda: C.bulk_update([c for c in C.all() if c.pk and setattr(c, "name", c.name + "+") is None], ["name"]))
attempt("bulk_update of dates and numbers", lambda: C.bulk_update(
    [c for c in C.all() if setattr(c, "born", date(1999, 1, 1)) is None and setattr(c, "salary", D("9.99")) is None], ["born", "salary"]))
attempt("after the updates", lambda: C.all())
attempt("refused duplicate", lambda: C.create(email="c1@example.it"))
attempt("refused length", lambda: C.create(email="d@example.it", nickname="x" * 21))
attempt("refused overflow", lambda: C.filter(email="c1@example.it").update(salary=Value(D("1e9"))))
attempt("delete", lambda: C.filter(email__in=["c1@example.it", "c2@example.it"]).delete())
attempt("delete cascades", lambda: Company.objects.all().delete())
attempt("migrations", migrations)
attempt("a column later", add_column)


def inspected():
    """The declared types differ; whatever it makes of them, it ends, and names every column."""
    out = io.StringIO()
    call_command("inspectdb", "crm_contact", stdout=out)
    return re.findall(r"^    (\w+) = models", out.getvalue(), re.M)


attempt("inspectdb", inspected)
attempt("state", lambda: C.all())
