#include "audit/audit.hpp"

#include "audit/record.hpp"
#include "audit/row.hpp"
#include "pg/pg.hpp"

namespace gdpr::audit {

namespace {

int living = 0;

} // namespace

WithoutValues::WithoutValues() noexcept { living++; }
WithoutValues::~WithoutValues() { living--; }
bool without_values() noexcept { return living > 0; }

std::uint64_t scrub(const subject::Subject &subject, bool dry_run) {
    const std::vector<pg::Param> params = {pg::param_oid(subject.table), pg::param(subject.key)};
    // Records of one change share its id and its content. What others' records say of it is this person's data too,
    // and no value tells whose it is: it goes from all of them. That the change happened stays on record for the others.
    const std::string own = "(r.subject_table = $1 AND r.key = $2)";
    const std::string reach =
        " WHERE r.id = ANY (ARRAY(SELECT id FROM gdpr.audit_record WHERE subject_table = $1 AND key = $2))"
        "   AND (r.content IS NOT NULL OR " +
        own + ")";
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    if (dry_run)
        return static_cast<std::uint64_t>(
            spi.run("SELECT pg_catalog.count(*) FROM gdpr.audit_record r" + reach, params).number(0, 1));
    return spi
        .run("UPDATE gdpr.audit_record r SET content = NULL,"
             "  changed = CASE WHEN " +
                 own + " THEN NULL ELSE r.changed END, key = CASE WHEN " + own + " THEN NULL ELSE r.key END" + reach,
             params)
        .processed();
}

void record(const subject::Subject &subject, std::string_view operation, std::string_view note) {
    const std::string word(operation);
    Record act;
    act.relation = subject.table;
    act.operation = word.c_str();
    if (!note.empty() && !without_values())
        act.content = pg::call([&] { return note_content(note); });
    write(act, {without_values() ? subject::Subject{subject.table, ""} : subject});
}

void init() {
    init_shapes();
    init_records();
}

} // namespace gdpr::audit
