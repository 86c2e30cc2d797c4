// Functions that fail through the wall in every way there is. Only tests load this module; it is never installed.
#include "pg/pg.hpp"

#include <malloc.h>
#include <stdexcept>

extern "C" {
PG_MODULE_MAGIC;
}

using namespace gdpr;

namespace {

int living = 0;

/// What an error unwinds: every one that is made must be destroyed.
class Counted {
  public:
    Counted() { living++; }
    Counted(const Counted &) { living++; }
    ~Counted() { living--; }
    Counted &operator=(const Counted &) = default;

  private:
    std::string text_ = std::string(4000, 'x'); // on the heap, so that one which is forgotten shows
};

/// What is alive in a frame that something is thrown through.
struct Cargo {
    Counted counted;
    std::string text = std::string(2000, 'y');
    std::vector<Counted> many = std::vector<Counted>(3);
    std::unique_ptr<Counted> pointer = std::make_unique<Counted>();
};

/// A guard whose destructor calls PostgreSQL while the error travels.
class BusyGuard {
  public:
    ~BusyGuard() {
        pg::call([] {
            for (int i = 0; i < 10; i++)
                pfree(palloc(1000));
        });
    }
};

/// What nobody looks at need not be allocated.
const void *volatile seen = nullptr;
template <class T> void keep(const std::vector<T> &values) { seen = values.data(); }

void fail_in_postgres() {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("the postgres message"), errdetail("The postgres detail."),
                    errhint("The postgres hint."), errcontext("the postgres context")));
}

void fail(std::string_view how) {
    const Cargo cargo;
    const BusyGuard guard;
    if (how == "ereport")
        pg::call(fail_in_postgres);
    else if (how == "problem")
        pg::raise(ERRCODE_OBJECT_IN_USE, "our message", "Our detail.", "Our hint.");
    else if (how == "bare problem")
        pg::raise(ERRCODE_OBJECT_IN_USE, "our message");
    else if (how == "bad_alloc")
        throw std::bad_alloc();
    else if (how == "runtime_error")
        throw std::runtime_error("mario.rossi@example.it is personal");
    else if (how == "int")
        throw 42;
    else if (how == "throw inside call")
        pg::call([] { throw std::runtime_error("mario.rossi@example.it is personal"); });
    else if (how == "problem inside call")
        pg::call([] {
            MemoryContextSwitchTo(TopMemoryContext);
            pg::raise(ERRCODE_OBJECT_IN_USE, "our message", "Our detail.", "Our hint.");
        });
    else if (how == "palloc")
        pg::call([] { (void)palloc(static_cast<Size>(1) << 40); });
    else if (how == "huge palloc")
        pg::call([] { (void)MemoryContextAllocHuge(CurrentMemoryContext, static_cast<Size>(1) << 60); });
    else if (how == "vector")
        keep(std::vector<char>(static_cast<std::size_t>(1) << 62));
    else if (how == "long vector")
        keep(std::vector<int>(static_cast<std::size_t>(-1) / 2));
    else if (how == "owner") {
        const pg::OwnerScope scope(RelationRelationId);
        pg::call(fail_in_postgres);
    } else if (how == "every guard") {
        const pg::Relation relation(RelationRelationId, AccessShareLock);
        const pg::OwnerScope scope(RelationRelationId);
        pg::TemporaryContext context("wall");
        pg::Spi spi;
        const Cargo more;
        (void)spi.run("SELECT 1/0");
    } else
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "unknown way to fail");
}

std::string run(const std::string &sql) {
    const Cargo cargo;
    pg::Spi spi;
    const pg::Rows rows = spi.run(sql);
    return rows.empty() ? std::string() : rows.text_or(0, 1);
}

} // namespace

/// wall_fail(text): fails as it is told.
GDPR_FUNCTION(wall_fail) {
    const Cargo cargo;
    fail(pg::to_string(PG_GETARG_DATUM(0)));
    PG_RETURN_VOID();
}

/// wall_run(text): runs a statement; its first value.
GDPR_FUNCTION(wall_run) {
    const std::string result = run(pg::to_string(PG_GETARG_DATUM(0)));
    return pg::text_datum(result);
}

/// wall_run_as_owner(regclass, text): the same, as the owner of a relation, with every guard in place.
GDPR_FUNCTION(wall_run_as_owner) {
    const pg::Relation relation(PG_GETARG_OID(0), AccessShareLock);
    std::string result;
    {
        const pg::OwnerScope scope(relation.id());
        pg::TemporaryContext context("wall");
        result = run(pg::to_string(PG_GETARG_DATUM(1)));
    }
    return pg::text_datum(result);
}

/// wall_loop(): runs until it is interrupted.
GDPR_FUNCTION(wall_loop) {
    const Cargo cargo;
    for (;;) {
        const Counted each;
        pg::call([] {
            CHECK_FOR_INTERRUPTS();
            pg_usleep(1000);
        });
    }
}

/// wall_replace(text): runs a statement; where it fails, its error is thrown away and another takes its place.
GDPR_FUNCTION(wall_replace) {
    const Cargo cargo;
    try {
        (void)run(pg::to_string(PG_GETARG_DATUM(0)));
    } catch (const pg::Error &error) {
        pg::raise(error.sqlstate(), "another message in its place");
    }
    PG_RETURN_VOID();
}

GDPR_FUNCTION(wall_living) { PG_RETURN_INT32(living); }

/// Exceptions in flight: none, whenever a function starts.
GDPR_FUNCTION(wall_in_flight) { PG_RETURN_INT32(std::uncaught_exceptions()); }

GDPR_FUNCTION(wall_acting_user) {
    const std::string role = pg::role_name(pg::acting_user());
    return pg::text_datum(role);
}

/// Bytes in use on the C++ heap; PostgreSQL's contexts take theirs from the same one.
GDPR_FUNCTION(wall_heap) { PG_RETURN_INT64(static_cast<int64>(mallinfo2().uordblks)); }

/// What a library does that was loaded last and knows of no other: its planner calls nobody's.
GDPR_FUNCTION(wall_take_planner) {
    planner_hook = standard_planner;
    PG_RETURN_VOID();
}
