// ANALYZE of an encrypted column: decrypt each sampled value once, let the plain type's own analysis do its work on
// plaintext, and seal what it keeps. Statistics on disk hold ciphertext.
#include "encrypted/value.hpp"
#include "pg/pg.hpp"

using namespace gdpr;
using encrypted::EncryptedType;

namespace {

/// What the plain analysis was going to do, behind our two functions.
struct Analysis {
    AnalyzeAttrComputeStatsFunc compute;
    void *extra;
    Oid encrypted;
    Form_pg_type encrypted_form, plain_form;
    AnalyzeAttrFetchFunc fetch;
};

Analysis *current = nullptr; // one column at a time: ANALYZE does not nest

Datum fetch_plain(VacAttrStatsP stats, int row, bool *null) {
    const Datum sealed = current->fetch(stats, row, null);
    return *null ? sealed : encrypted::open(encrypted::type_of(current->encrypted), sealed);
}

/// The operator of the encrypted type in the place of the plain one: same name, both sides encrypted.
Oid encrypted_operator(Oid plain_operator, Oid encrypted) {
    return encrypted::operator_between(get_opname(plain_operator), encrypted, encrypted);
}

void seal_statistics(VacAttrStatsP stats, Oid encrypted) {
    const EncryptedType &type = encrypted::type_of(encrypted);
    MemoryContext previous =
        MemoryContextSwitchTo(stats->anl_context != nullptr ? stats->anl_context : CurrentMemoryContext);
    for (int slot = 0; slot < STATISTIC_NUM_SLOTS; slot++) {
        if (stats->stakind[slot] == 0)
            continue;
        if (OidIsValid(stats->staop[slot]))
            stats->staop[slot] = encrypted_operator(stats->staop[slot], encrypted);
        // Elements and keys of documents (MCELEM and kin) are plaintext of another type: they are not kept.
        if (stats->numvalues[slot] > 0 && stats->statypid[slot] != type.plain && stats->statypid[slot] != encrypted) {
            stats->stakind[slot] = 0;
            stats->staop[slot] = InvalidOid;
            stats->stacoll[slot] = InvalidOid;
            stats->numvalues[slot] = 0;
            stats->numnumbers[slot] = 0;
            continue;
        }
        for (int i = 0; i < stats->numvalues[slot]; i++)
            stats->stavalues[slot][i] = encrypted::seal(type, stats->stavalues[slot][i]);
        stats->statypid[slot] = encrypted;
        stats->statyplen[slot] = -1;
        stats->statypbyval[slot] = false;
        stats->statypalign[slot] = TYPALIGN_INT;
    }
    MemoryContextSwitchTo(previous);
}

void pretend(VacAttrStatsP stats, Oid type, Form_pg_type form) {
    stats->attrtypid = type;
    stats->attrtype = form;
}

void compute(VacAttrStatsP stats, AnalyzeAttrFetchFunc fetch, int rows, double total) {
    auto *analysis = static_cast<Analysis *>(stats->extra_data);
    const EncryptedType &type = encrypted::type_of(analysis->encrypted);
    analysis->fetch = fetch;
    current = analysis;
    stats->extra_data = analysis->extra;
    pretend(stats, type.plain, analysis->plain_form);
    analysis->compute(stats, fetch_plain, rows, total);
    // The width that the planner must reckon with is the ciphertext's.
    if (stats->stats_valid && stats->stawidth > 0)
        stats->stawidth += static_cast<int32>(encrypted::overhead);
    pretend(stats, analysis->encrypted, analysis->encrypted_form);
    seal_statistics(stats, analysis->encrypted);
    stats->extra_data = analysis;
    current = nullptr;
}

} // namespace

GDPR_FUNCTION(gdpr_typanalyze) {
    auto *stats = reinterpret_cast<VacAttrStats *>(PG_GETARG_POINTER(0));
    const EncryptedType &type = encrypted::type_of(stats->attrtypid);
    HeapTuple plain = SearchSysCacheCopy1(TYPEOID, ObjectIdGetDatum(type.plain));
    // In the caller's context, like std_typanalyze: extended statistics on expressions have no anl_context.
    auto *analysis = static_cast<Analysis *>(palloc0(sizeof(Analysis)));
    analysis->encrypted = stats->attrtypid;
    analysis->encrypted_form = stats->attrtype;
    analysis->plain_form = reinterpret_cast<Form_pg_type>(GETSTRUCT(plain));

    pretend(stats, type.plain, analysis->plain_form);
    const bool wanted = std_typanalyze(stats);
    pretend(stats, analysis->encrypted, analysis->encrypted_form);

    analysis->compute = stats->compute_stats;
    analysis->extra = stats->extra_data;
    stats->compute_stats = compute;
    stats->extra_data = analysis;
    PG_RETURN_BOOL(wanted);
}
