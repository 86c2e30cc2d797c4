// A literal that stands twice in a statement is one constant. PostgreSQL takes `coalesce(name, 'none')` in a select
// list for the one in GROUP BY, ORDER BY of a DISTINCT, or DISTINCT ON, if the two are the same node by node; and two
// ciphertexts never are. What a statement stores is sealed anew for each row, so no table shows which are equal.
#include "encrypted/literal.hpp"
#include "encrypted/value.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

struct Literal {
    std::uint32_t hash;
    Oid type;
    int32 modifier;
    char *text;
    Datum sealed;
};

// Those of the statement at hand, in a context that goes with the transaction.
constexpr std::size_t most = 64, longest = 1024;
std::array<Literal, most> literals;
std::size_t count = 0;
TimestampTz statement = 0;
MemoryContext context = nullptr;
MemoryContextCallback at_reset;

void forget_all(void *) {
    for (std::size_t i = 0; i < count; i++)
        cipher::cleanse(literals[i].text, std::strlen(literals[i].text));
    count = 0;
    statement = 0;
    context = nullptr;
}

void begin_statement() {
    if (statement == GetCurrentStatementStartTimestamp())
        return;
    if (context != nullptr)
        MemoryContextDelete(context);
    context = AllocSetContextCreate(TopTransactionContext, "gdpr literals", ALLOCSET_SMALL_SIZES);
    at_reset.func = forget_all;
    MemoryContextRegisterResetCallback(context, &at_reset);
    statement = GetCurrentStatementStartTimestamp();
}

/// Defaults lie in the catalogs as they were parsed, and shall not tell that two of them are the same.
bool stores_what_it_parses(const Portal running) {
    const auto *statement = running->stmts != NIL ? linitial_node(PlannedStmt, running->stmts) : nullptr;
    if (statement == nullptr || statement->utilityStmt == nullptr)
        return false;
    switch (nodeTag(statement->utilityStmt)) {
    case T_CallStmt:
    case T_CopyStmt:
    case T_CreateFunctionStmt:
    case T_DoStmt:
    case T_ExecuteStmt:
    case T_ExplainStmt:
    case T_PrepareStmt:
    case T_ViewStmt:
        return false;
    default:
        return true;
    }
}

Datum copied(Datum sealed, MemoryContext into) {
    void *copy = MemoryContextAlloc(into, VARSIZE_ANY(DatumGetPointer(sealed)));
    std::memcpy(copy, DatumGetPointer(sealed), VARSIZE_ANY(DatumGetPointer(sealed)));
    return PointerGetDatum(copy);
}

} // namespace

bool is_parsing(const FmgrInfo *call) {
    // The parser looks the input function up for each literal. COPY and the executor keep it, in a context that
    // outlives what they read; DDL stores what it parses.
    return call->fn_extra == nullptr && call->fn_expr == nullptr && call->fn_mcxt == CurrentMemoryContext &&
           TopTransactionContext != nullptr && (ActivePortal == nullptr || !stores_what_it_parses(ActivePortal));
}

Datum seal_literal(const EncryptedType &type, char *text, int32 modifier) {
    begin_statement();
    const std::size_t size = std::strlen(text);
    const std::uint32_t hash = hash_bytes(reinterpret_cast<const unsigned char *>(text), static_cast<int>(size));
    for (std::size_t i = 0; i < count; i++)
        if (literals[i].hash == hash && literals[i].type == type.encrypted && literals[i].modifier == modifier &&
            std::strcmp(literals[i].text, text) == 0)
            return copied(literals[i].sealed, CurrentMemoryContext);
    const Datum sealed = seal(type, InputFunctionCall(&type.input, text, type.element_argument, modifier));
    if (count < most && size <= longest)
        literals[count++] = {hash, type.encrypted, modifier, MemoryContextStrdup(context, text),
                             copied(sealed, context)};
    return sealed;
}

} // namespace gdpr::encrypted
