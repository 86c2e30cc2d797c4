#include "pg/spi.hpp"

#include "pg/catalog.hpp"
#include "pg/error.hpp"
#include "pg/memory.hpp"

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

Spi::Spi() : outer_(CurrentMemoryContext), in_flight_(std::uncaught_exceptions()) {
    call([] {
        if (SPI_connect() != SPI_OK_CONNECT)
            elog(ERROR, "SPI_connect failed");
    });
}

Spi::~Spi() {
    // While an error travels out, the (sub)transaction's abort cleans SPI up, as it does for PL/pgSQL.
    if (std::uncaught_exceptions() == in_flight_)
        SPI_finish();
    MemoryContextSwitchTo(outer_);
}

Rows Spi::run(const std::string &sql, const std::vector<Param> &params, bool read_only) {
    std::vector<Oid> types;
    std::vector<Datum> values;
    std::string nulls;
    for (const Param &each : params) {
        types.push_back(each.type);
        values.push_back(each.value);
        nulls.push_back(each.null ? 'n' : ' ');
    }
    call([&] {
        const int code = SPI_execute_with_args(sql.c_str(), static_cast<int>(types.size()), types.data(), values.data(),
                                               nulls.c_str(), read_only, 0);
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
    call([&] {
        GetUserIdAndSecContext(&user_, &context_);
        SetUserIdAndSecContext(owner, context_ | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION |
                                          SECURITY_NOFORCE_RLS);
        guc_level_ = NewGUCNestLevel();
        (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                                0, false);
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
