// Erasure of a person (Art. 17), in one transaction: plan, carry out, scrub what speaks of them, and a receipt.
#include "rights/forget.hpp"
#include "audit/audit.hpp"
#include "form/form.hpp"
#include "journal/journal.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "restrict/restriction.hpp"
#include "rights/erase.hpp"
#include "rights/hold.hpp"
#include "rights/person.hpp"
#include "rights/receipt.hpp"
#include "rights/statistics.hpp"
#include "subject/personal.hpp"

namespace gdpr::rights {

namespace {

constexpr int most_rounds = 10;

/// The key's type may carry code of the table's owner, which must not run as the officer.
std::unique_ptr<subject::Collection> collected(const subject::Subject &subject, bool locking) {
    const pg::OwnerScope scope(subject.table);
    return std::make_unique<subject::Collection>(subject, locking);
}

bool same(const subject::Collection &one, const subject::Collection &other) {
    return std::equal(
        one.selections().begin(), one.selections().end(), other.selections().begin(), other.selections().end(),
        [](const subject::Selection &left, const subject::Selection &right) { return left.rows == right.rows; });
}

/// What belongs to the person, every row locked. A row that a foreign key would lead to a locked one waits for us; one
/// that came before is found by the next round, which there is unless no other transaction has ended meanwhile.
subject::Collection collect_locked(const subject::Subject &subject) {
    const std::uint64_t ended = pg::transactions_ended();
    auto found = collected(subject, true);
    if (pg::transactions_ended() == ended)
        return *found;
    for (int round = 0; round < most_rounds; round++) {
        auto again = collected(subject, round > 0);
        if (same(*found, *again))
            return *again;
        found = std::move(again);
    }
    pg::raise(ERRCODE_T_R_SERIALIZATION_FAILURE, "rows of this person keep appearing while they are being forgotten",
              "", "Restrict the person first, or try again.");
}

/// What is kept of the person in gdpr.* itself. Nobody adds to it once their row is locked, but for what they submit
/// by themselves.
struct Own {
    audit::Scrub records;
    std::uint64_t personal = 0, recipients = 0;

    Own(const subject::Subject &subject, const std::set<Identifier> &identifiers, bool blocks, std::vector<Line> &lines)
        : records(subject) {
        const auto add = [&](const char *relation, const char *action, std::uint64_t rows) {
            if (rows > 0)
                lines.push_back({pg::gdpr_relation(relation), action, rows});
        };
        add("audit_record", "scrub", records.count());
        if (blocks)
            add("blocklist", "block", block(identifiers, "", false));
        auto kept = subject::close_personal(subject, InvalidCommandId, true);
        for (const auto &[relation, rows] : kept)
            personal += rows;
        kept["optin_submission"] += form::erase_submissions(identifiers, true);
        for (const auto &[relation, rows] : kept)
            add(relation.c_str(), "erase", rows);
        recipients = mail::tell_recipients(subject, "erased", true);
        add("outbox", "tell recipients", recipients);
    }
};

void carry_out(const ErasePlan &plan, const subject::Collection &collection, Own &own, const std::vector<Line> &lines,
               const std::set<Identifier> &identifiers, const std::optional<std::string> &reason, bool blocks) {
    const subject::Subject &subject = collection.subject();
    const audit::Erasing erasing(subject);
    if (own.recipients > 0)
        (void)mail::tell_recipients(subject, "erased"); // before the person's row takes along who they are
    (void)journal::intend(journal::Act::erasure, subject, identifiers);
    const Samples samples(plan);
    erase_rows(plan, collection);
    samples.remove();
    own.records.run();
    if (own.personal > 0)
        (void)subject::close_personal(subject);
    pg::call([] { CommandCounterIncrement(); });
    (void)form::erase_submissions(identifiers, false);
    restriction::erase(subject);
    if (!plan.kept_until().empty())
        restriction::add(subject, "retention", "kept until " + plan.kept_until());
    if (blocks)
        (void)block(identifiers, "erasure", true);
    const std::int64_t receipt = write_receipt(subject, reason, lines);
    audit::record(subject, "forget", "receipt " + std::to_string(receipt));
    mail::notify("erasure " + std::to_string(receipt));
}

/// What is done, or would be; and whether there is such a person, or was.
std::vector<Line> forget(const subject::Subject &subject, const std::optional<std::string> &reason, bool dry_run,
                         bool blocks, bool &known) {
    (void)subject::decided_walk(subject.table);
    const subject::Collection collection = dry_run ? *collected(subject, false) : collect_locked(subject);
    refuse_held(subject); // a hold locks the person's row, too
    const bool again = has_receipt(subject);
    const ErasePlan plan(collection, again);
    std::vector<Line> lines = plan.lines();
    // Somebody may have deleted the row, and left what no foreign key held to it, and the audit log.
    if (!lines.empty() || !collection.exists()) {
        const std::set<Identifier> identifiers = plan.identifiers();
        Own own(subject, identifiers, blocks, lines);
        if (!dry_run && !lines.empty())
            carry_out(plan, collection, own, lines, identifiers, reason, blocks);
    }
    known = !lines.empty() || collection.exists() || again;
    return lines;
}

void answer(Oid table, Datum key, const std::optional<std::string> &reason, bool dry_run, pg::ResultSet &result) {
    bool known = false;
    const std::vector<Line> lines = forget(person(table, key), reason, dry_run, true, known);
    if (!known)
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such person in " + pg::relation_name(table), "",
                  "Look for the key with gdpr.find().");
    if (lines.empty())
        pg::call([] { ereport(NOTICE, (errmsg("this person was forgotten before, nothing is left to do"))); });
    for (const Line &each : lines)
        result.add(
            {pg::param_oid(each.relation), pg::param(each.action), pg::param(static_cast<std::int64_t>(each.rows))});
}

} // namespace

std::vector<Line> forget(const subject::Subject &subject, const std::string &reason, Forget why) {
    bool known = false;
    return forget(subject, reason, false, why == Forget::because_they_asked, known);
}

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_forget) {
    pg::require_role("gdpr_officer", "forget a person");
    for (const int argument : {0, 1, 3})
        if (PG_ARGISNULL(argument))
            pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "subject_table, key and dry_run cannot be null");
    pg::ResultSet result(fcinfo);
    pg::make_constraints_immediate();
    rights::answer(PG_GETARG_OID(0), PG_GETARG_DATUM(1),
                   PG_ARGISNULL(2) ? std::nullopt : std::optional<std::string>(pg::to_string(PG_GETARG_DATUM(2))),
                   PG_GETARG_BOOL(3), result);
    PG_RETURN_NULL();
}
