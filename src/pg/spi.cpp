#include "pg/spi.hpp"

#include "pg/catalog.hpp"
#include "pg/error.hpp"
#include "pg/memory.hpp"
#include "pg/settings.hpp"

namespace gdpr::pg {

Param param(std::string_view text) { return {TEXTOID, text_datum(text), false}; }
Param param(std::int64_t value) { return {INT8OID, Int64GetDatum(value), false}; }
Param param(std::int32_t value) { return {INT4OID, Int32GetDatum(value), false}; }
Param param(bool value) { return {BOOLOID, BoolGetDatum(value), false}; }
Param param_oid(Oid value) { return {REGCLASSOID, ObjectIdGetDatum(value), false}; }
Param param_bytes(std::string_view bytes) { return {BYTEAOID, text_datum(bytes), false}; }
Param param_or_null(const std::optional<std::string> &text) {
    return text ? param(std::string_view(*text)) : null_param(TEXTOID);
}

std::optional<std::string> Rows::text(std::uint64_t row, int column) const {
    char *value = call([&] { return SPI_getvalue(table_->vals[row], table_->tupdesc, column); });
    if (value == nullptr)
        return std::nullopt;
    std::string result(value);
    pfree(value);
    return result;
}

std::string Rows::text_or(std::uint64_t row, int column, std::string_view otherwise) const {
    return text(row, column).value_or(std::string(otherwise));
}

std::optional<Datum> Rows::datum(std::uint64_t row, int column) const {
    // What must be in a catalog is there, but for types that are made in ways nobody has thought of.
    if (row >= size())
        raise(ERRCODE_NO_DATA_FOUND, "a query of the extension has found nothing");
    bool null = false;
    const Datum value = call([&] { return SPI_getbinval(table_->vals[row], table_->tupdesc, column, &null); });
    return null ? std::nullopt : std::optional<Datum>(value);
}

std::int64_t Rows::number(std::uint64_t row, int column) const {
    const auto value = datum(row, column);
    if (!value)
        return 0;
    return call([&] { return SPI_gettypeid(table_->tupdesc, column); }) == INT4OID ? DatumGetInt32(*value)
                                                                                   : DatumGetInt64(*value);
}

Oid Rows::oid(std::uint64_t row, int column) const { return DatumGetObjectId(datum(row, column).value_or(0)); }

bool Rows::boolean(std::uint64_t row, int column) const { return DatumGetBool(datum(row, column).value_or(0)); }

namespace {

constexpr const char *pinned_path = "pg_catalog, pg_temp";

bool pinned() { return std::strcmp(namespace_search_path, pinned_path) == 0; }

} // namespace

void pin_path() {
    if (!pinned())
        (void)set_config_option("search_path", pinned_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                                false);
}

namespace {

int pinned_paths = 0; // that live now

/// Nobody's code but the extension's runs in a statement on this table, or in one that it sets off.
bool without_foreign_code(Oid relation) {
    return call([&] { return get_rel_namespace(relation) == get_namespace_oid("gdpr", true); });
}

} // namespace

PinnedPath::PinnedPath() : in_flight_(std::uncaught_exceptions()) {
    if (!pinned())
        call([&] {
            guc_level_ = NewGUCNestLevel();
            pin_path();
        });
    pinned_paths++;
}

PinnedPath::~PinnedPath() {
    pinned_paths--;
    // On error the abort restores the settings.
    if (guc_level_ != 0 && std::uncaught_exceptions() == in_flight_)
        AtEOXact_GUC(false, guc_level_);
}

ByIndexes::ByIndexes() : in_flight_(std::uncaught_exceptions()) {
    call([&] {
        guc_level_ = NewGUCNestLevel();
        (void)set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    });
}

ByIndexes::~ByIndexes() {
    if (std::uncaught_exceptions() == in_flight_)
        AtEOXact_GUC(false, guc_level_);
}

Spi::Spi() : outer_(CurrentMemoryContext), in_flight_(std::uncaught_exceptions()) {
    call([&] {
        if (SPI_connect() != SPI_OK_CONNECT)
            elog(ERROR, "SPI_connect failed");
        // Whoever calls may have put operators of their own where ours are looked for.
        if (pinned())
            return;
        guc_level_ = NewGUCNestLevel();
        pin_path();
    });
}

Spi::~Spi() {
    // While an error travels out, the (sub)transaction's abort cleans SPI up, as it does for PL/pgSQL.
    if (std::uncaught_exceptions() == in_flight_) {
        SPI_finish();
        if (guc_level_ != 0)
            AtEOXact_GUC(false, guc_level_);
    }
    MemoryContextSwitchTo(outer_);
}

namespace {

std::pair<const char *, bool> sent{nullptr, false};

} // namespace

OwnStatement::OwnStatement(const char *text, bool copied) noexcept : outer_(std::exchange(sent, {text, copied})) {}
OwnStatement::~OwnStatement() { sent = outer_; }

// What runs within the statement may be worded like it: only the pointer tells, where there is one.
bool own_statement(const char *text) {
    return sent.first != nullptr && (text == sent.first || (sent.second && std::strcmp(text, sent.first) == 0));
}

Arguments::Arguments(const std::vector<Param> &params) {
    for (const Param &each : params) {
        types.push_back(each.type);
        values.push_back(each.value);
        nulls.push_back(each.null ? 'n' : ' ');
    }
}

/// A plan and who uses it.
struct KeptPlan::Entry {
    SPIPlanPtr plan = nullptr;
    std::uint64_t used = 0; // when, by count
    int running = 0;
};

namespace {

/// Whoever plans decides what the plan does: PostgreSQL minds the role and search_path, but not whether row security is
/// off for a table's owner.
using PlanName = std::tuple<std::string, std::vector<Oid>, Oid, int>;

constexpr std::size_t most_plans = 200;
constexpr Size most_bytes = 8192; // of one value
std::map<PlanName, KeptPlan::Entry> *plans = nullptr;
std::uint64_t uses = 0;

/// Makes room by dropping the plan that was used longest ago.
void drop_oldest() {
    auto oldest = plans->end();
    for (auto each = plans->begin(); each != plans->end(); ++each)
        if (each->second.running == 0 && (oldest == plans->end() || each->second.used < oldest->second.used))
            oldest = each;
    if (oldest == plans->end())
        return;
    SPIPlanPtr plan = oldest->second.plan;
    plans->erase(oldest);
    call([&] { SPI_freeplan(plan); });
}

KeptPlan::Entry &entry_of(const std::string &sql, Arguments &arguments) {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    if (plans == nullptr)
        plans = new std::map<PlanName, KeptPlan::Entry>;
    PlanName name{sql, arguments.types, user, context};
    if (const auto found = plans->find(name); found != plans->end())
        return found->second;
    if (plans->size() >= most_plans)
        drop_oldest();
    SPIPlanPtr plan = call([&] {
        SPIPlanPtr made =
            SPI_prepare_cursor(sql.c_str(), arguments.count(), arguments.types.data(), CURSOR_OPT_GENERIC_PLAN);
        if (made == nullptr || SPI_keepplan(made) != 0)
            elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
        return made;
    });
    return plans->emplace(std::move(name), KeptPlan::Entry{plan}).first->second;
}

} // namespace

bool KeptPlan::serves(const std::vector<Param> &params) {
    return std::none_of(params.begin(), params.end(), [](const Param &each) {
        return !each.null &&
               call([&] { return get_typlen(each.type) == -1 ? toast_raw_datum_size(each.value) : 0; }) > most_bytes;
    });
}

KeptPlan::KeptPlan(const std::string &sql, Arguments &arguments) : entry_(entry_of(sql, arguments)) {
    entry_.running++;
    entry_.used = ++uses;
}

KeptPlan::~KeptPlan() { entry_.running--; }

SPIPlanPtr KeptPlan::plan() const noexcept { return entry_.plan; }

Rows Spi::run_again(const std::string &sql, const std::vector<Param> &params, bool read_only) {
    if (!KeptPlan::serves(params))
        return run(sql, params, read_only);
    Arguments arguments(params);
    const KeptPlan kept(sql, arguments);
    const OwnStatement own(sql.c_str(), true);
    call([&] {
        const int code = SPI_execute_plan(kept.plan(), arguments.values.data(), arguments.nulls.c_str(), read_only, 0);
        if (code < 0)
            elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
    });
    return {SPI_tuptable, SPI_processed};
}

Rows Spi::run(const std::string &sql, const std::vector<Param> &params, bool read_only) {
    Arguments arguments(params);
    const OwnStatement own(sql.c_str());
    call([&] {
        const int code = SPI_execute_with_args(sql.c_str(), arguments.count(), arguments.types.data(),
                                               arguments.values.data(), arguments.nulls.c_str(), read_only, 0);
        if (code < 0)
            elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(code));
    });
    return {SPI_tuptable, SPI_processed};
}

Datum Spi::keep(Datum value, Oid type) {
    return call([&] {
        int16 length;
        bool by_value;
        get_typlenbyval(type, &length, &by_value);
        MemoryContext inner = MemoryContextSwitchTo(outer_);
        const Datum copy =
            length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(value)) : datumCopy(value, by_value, length);
        MemoryContextSwitchTo(inner);
        return copy;
    });
}

namespace {

// The user before the outermost OwnerScope. Every way out of one, errors too, passes its destructor.
Oid outer_user = InvalidOid;

} // namespace

Oid acting_user() { return OidIsValid(outer_user) ? outer_user : GetUserId(); }

bool in_owner_scope() { return OidIsValid(outer_user); }

OwnerScope::OwnerScope(Oid relation) : in_flight_(std::uncaught_exceptions()) {
    const Oid owner = relation_owner(relation);
    const bool settings_stay = pinned_paths > 0 && pinned() && without_foreign_code(relation);
    call([&] {
        GetUserIdAndSecContext(&user_, &context_);
        SetUserIdAndSecContext(owner, context_ | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION |
                                          SECURITY_NOFORCE_RLS);
        if (settings_stay)
            return;
        guc_level_ = NewGUCNestLevel();
        pin_path();
    });
    if (!OidIsValid(outer_user)) {
        outer_user = user_;
        outermost_ = true;
    }
}

OwnerScope::~OwnerScope() {
    if (outermost_)
        outer_user = InvalidOid;
    // On error the abort restores the user and the settings.
    if (std::uncaught_exceptions() != in_flight_)
        return;
    if (guc_level_ != 0)
        AtEOXact_GUC(false, guc_level_);
    SetUserIdAndSecContext(user_, context_);
}

void make_constraints_immediate() {
    call([] {
        ConstraintsSetStmt *statement = makeNode(ConstraintsSetStmt);
        statement->deferred = false;
        AfterTriggerSetState(statement);
    });
}

} // namespace gdpr::pg
