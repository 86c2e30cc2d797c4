// Erasure of a person (Art. 17), in one transaction: plan, carry out, scrub what speaks of them, and a receipt.
#include "rights/forget.hpp"
#include "audit/audit.hpp"
#include "form/form.hpp"
#include "journal/journal.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "pg/settings.hpp"
#include "restrict/restriction.hpp"
#include "rights/erase.hpp"
#include "rights/find.hpp"
#include "rights/hold.hpp"
#include "rights/person.hpp"
#include "rights/receipt.hpp"
#include "rights/statistics.hpp"
#include "subject/joining.hpp"
#include "subject/personal.hpp"

namespace gdpr::rights {

namespace {

constexpr int most_rounds = 10;

/// A person by every row of subject tables that they have, the one they are named by first.
using Person = std::vector<subject::Subject>;

/// The key's type may carry code of the table's owner, which must not run as the officer.
std::unique_ptr<subject::Collection> collected(const Person &person, bool locking) {
    const pg::OwnerScope scope(person.front().table);
    return std::make_unique<subject::Collection>(person, locking);
}

bool same(const subject::Collection &one, const subject::Collection &other) {
    return std::equal(
        one.selections().begin(), one.selections().end(), other.selections().begin(), other.selections().end(),
        [](const subject::Selection &left, const subject::Selection &right) { return left.rows == right.rows; });
}

/// What belongs to the person, every row locked. A row that a foreign key would lead to a locked one waits for us; one
/// that came before is found by the next round, which there is unless no other transaction has ended meanwhile.
subject::Collection collect_locked(const Person &person) {
    const std::uint64_t ended = pg::transactions_ended();
    auto found = collected(person, true);
    if (pg::transactions_ended() == ended)
        return *found;
    for (int round = 0; round < most_rounds; round++) {
        auto again = collected(person, round > 0);
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
    std::vector<audit::Scrub> records;
    std::uint64_t personal = 0, recipients = 0;

    Own(const Person &person, const std::set<Identifier> &identifiers, bool blocks, std::vector<Line> &lines) {
        const auto add = [&](const char *relation, const char *action, std::uint64_t rows) {
            if (rows > 0)
                lines.push_back({pg::gdpr_relation(relation), action, rows});
        };
        std::uint64_t scrubbed = 0;
        std::map<std::string, std::uint64_t> kept;
        for (const subject::Subject &each : person) {
            scrubbed += records.emplace_back(each).count();
            for (const auto &[relation, rows] : subject::close_personal(each, InvalidCommandId, true)) {
                kept[relation] += rows;
                personal += rows;
            }
            recipients += mail::tell_recipients(each, "erased", true);
        }
        add("audit_record", "scrub", scrubbed);
        if (blocks)
            add("blocklist", "block", block(identifiers, "", false));
        kept["optin_submission"] += form::erase_submissions(identifiers, true);
        for (const auto &[relation, rows] : kept)
            add(relation.c_str(), "erase", rows);
        add("outbox", "tell recipients", recipients);
    }
};

void carry_out(const ErasePlan &plan, const subject::Collection &collection, Own &own, const std::vector<Line> &lines,
               const std::set<Identifier> &identifiers, const std::optional<std::string> &reason, bool blocks) {
    const Person &person = collection.subjects();
    const audit::Erasing erasing(person);
    for (const subject::Subject &each : person) {
        if (own.recipients > 0)
            (void)mail::tell_recipients(each, "erased"); // before the person's row takes along who they are
        (void)journal::intend(journal::Act::erasure, each, identifiers);
    }
    const Samples samples(plan);
    erase_rows(plan, collection);
    samples.remove();
    for (audit::Scrub &each : own.records)
        each.run();
    for (const subject::Subject &each : person)
        if (own.personal > 0)
            (void)subject::close_personal(each);
    pg::call([] { CommandCounterIncrement(); });
    (void)form::erase_submissions(identifiers, false);
    for (const subject::Subject &each : person) {
        restriction::erase(each);
        const pg::StatementSnapshot now;
        // Of several rows, those that are gone retain nothing.
        if (!plan.kept_until().empty() && (person.size() == 1 || restriction::exists(each)))
            restriction::add(each, "retention", "kept until " + plan.kept_until());
    }
    if (blocks)
        (void)block(identifiers, "erasure", true);
    // Whoever called looks for the newest: that of the row which they named.
    for (auto each = person.rbegin(); each != person.rend(); ++each) {
        const std::int64_t receipt = write_receipt(*each, reason, lines, person.size());
        audit::record(*each, "forget", "receipt " + std::to_string(receipt));
        mail::notify("erasure " + std::to_string(receipt));
    }
}

/// Whoever has an identifier of this person's in another subject table is another person to us, and may not be to the
/// officer. Looked for where indexes serve.
void mention_others(const Person &person, const std::set<Identifier> &identifiers) {
    std::string found;
    for (const subject::Node &node : subject::nodes()) {
        if (!node.subject || node.id == person.front().table)
            continue;
        const label::Labels labels = label::of(node.id);
        std::set<subject::Subject> others;
        for (const pg::Column &column : pg::columns_of(node.id)) {
            const label::ColumnLabel *label = labels.column(column.number);
            if (label == nullptr || !label->identifier || !is_indexed(node.id, column))
                continue;
            for (const Identifier &identifier : identifiers)
                for (const subject::Subject &each : holders(node.id, column, identifier.value))
                    if (std::find(person.begin(), person.end(), each) == person.end())
                        others.insert(each);
        }
        if (!others.empty())
            found += (found.empty() ? "" : ", ") + std::to_string(others.size()) + " of " + node.name;
    }
    if (!found.empty())
        pg::call([&] {
            ereport(NOTICE, (errmsg("people of other subject tables have an identifier of this person"),
                             errdetail("They are %s, and would stay.", found.c_str()),
                             errhint("See gdpr.find(). Where equal values are one person, label the columns "
                                     "same_person.")));
        });
}

/// Of a key that was given anew, receipts tell of somebody else. Rows that are joined once more were stored or restored
/// since, and are not settled.
Before erased_together(const Person &person) {
    Before all;
    for (const subject::Subject &each : person) {
        const Before one = erased_before(each);
        if (!one.ever() || came_later(each, *one.at))
            return {};
        all = {person.size() == 1 ? one.rows : 1, all.ever() ? std::min(all.at, one.at) : one.at,
               all.retained || one.retained};
    }
    return all;
}

/// What is done, or would be; and whether there is such a person, or was.
std::vector<Line> forget(const subject::Subject &subject, const std::optional<std::string> &reason, bool dry_run,
                         bool blocks, bool &known) {
    const pg::PinnedPath path;
    (void)subject::decided_walk(subject.table);
    const Person person =
        dry_run ? subject::same_person(subject) : subject::hold_same_person(subject, subject::Lock::whole);
    const subject::Collection collection = dry_run ? *collected(person, false) : collect_locked(person);
    for (const subject::Subject &each : person)
        refuse_held(each); // a hold locks the person's row, too
    const Before before = erased_together(person);
    const ErasePlan plan(collection, before);
    std::vector<Line> lines = plan.lines();
    // Somebody may have deleted the row, and left what no foreign key held to it, and the audit log.
    if (!lines.empty() || !collection.exists()) {
        const std::set<Identifier> identifiers = plan.identifiers();
        Own own(person, identifiers, blocks, lines);
        if (dry_run)
            mention_others(person, identifiers);
        if (!dry_run && !lines.empty())
            carry_out(plan, collection, own, lines, identifiers, reason, blocks);
    }
    known = !lines.empty() || collection.exists() || before.ever();
    return lines;
}

void answer(const subject::Subject &subject, const std::optional<std::string> &reason, bool dry_run,
            pg::ResultSet &result) {
    bool known = false;
    const std::vector<Line> lines = forget(subject, reason, dry_run, true, known);
    if (!known)
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such person in " + pg::relation_name(subject.table), "",
                  "Look for the key with gdpr.find().");
    if (lines.empty())
        pg::call([] { ereport(NOTICE, (errmsg("this person was forgotten before, nothing is left to do"))); });
    for (const Line &each : lines)
        result.add(
            {pg::param_oid(each.relation), pg::param(each.action), pg::param(static_cast<std::int64_t>(each.rows))});
}

} // namespace

std::vector<Line> forget(const subject::Subject &subject, const std::string &reason, Forget why) {
    const subject::OneRow alone; // the time of one row is over, not that of others
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
    rights::answer(subject::person_argument(fcinfo),
                   PG_ARGISNULL(2) ? std::nullopt : std::optional<std::string>(pg::to_string(PG_GETARG_DATUM(2))),
                   PG_GETARG_BOOL(3), result);
    PG_RETURN_NULL();
}
