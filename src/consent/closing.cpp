// What ends when all rows of a subject table go at once.
#include "consent/records.hpp"
#include "pg/pg.hpp"
#include "subject/collect.hpp"
#include "subject/personal.hpp"

namespace gdpr::consent {

namespace {

/// Has a person rows in any table?
bool has_rows(const subject::Subject &subject) {
    const pg::OwnerScope scope(subject.table);
    const subject::Collection collection(subject);
    return std::any_of(collection.selections().begin(), collection.selections().end(),
                       [](const subject::Selection &each) { return each.rows > 0; });
}

/// Has anybody rows in the tables of these people?
bool any_rows(Oid subject_table) {
    const std::vector<subject::Step> &steps = subject::decided_walk(subject_table).steps;
    return std::any_of(steps.begin(), steps.end(), [](const subject::Step &step) {
        const pg::OwnerScope scope(step.node);
        pg::Spi spi;
        return !spi.run("SELECT FROM " + pg::relation_name(step.node) + " LIMIT 1").empty();
    });
}

/// What the law has us keep, and what is under a legal hold, stays out of reach where rows of the person are left in
/// other tables; where none are, the restriction would only fall on whoever is given their key.
void close_kept_restrictions(Oid subject_table) {
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    const pg::Rows people =
        spi.run("SELECT DISTINCT key::pg_catalog.text FROM gdpr.restriction WHERE subject_table = $1",
                {pg::param_oid(subject_table)});
    if (!people.empty() && !any_rows(subject_table)) { // as after TRUNCATE … CASCADE
        (void)spi.run("DELETE FROM gdpr.restriction WHERE subject_table = $1", {pg::param_oid(subject_table)});
        return;
    }
    for (std::uint64_t row = 0; row < people.size(); row++)
        if (const subject::Subject subject{subject_table, people.text_or(row, 1)}; !has_rows(subject))
            (void)spi.run_again("DELETE FROM gdpr.restriction WHERE subject_table = $1 AND key = $2",
                                {pg::param_oid(subject_table), pg::param(subject.key)});
}

} // namespace

void close_all(Oid subject_table) {
    subject::close_all_personal(subject_table);
    {
        const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
        pg::Spi spi;
        const std::vector<pg::Param> params{pg::param_oid(subject_table)};
        (void)spi.run("DELETE FROM gdpr.restriction WHERE subject_table = $1 AND kind = 'request'", params);
        (void)spi.run("DELETE FROM gdpr.objection WHERE subject_table = $1", params);
    }
    close_kept_restrictions(subject_table);
}

} // namespace gdpr::consent
