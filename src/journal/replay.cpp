// Doing again what a restore has undone.
#include "journal/context.hpp"
#include "journal/journal.hpp"
#include "journal/open.hpp"
#include "rights/blocklist.hpp"
#include "rights/receipt.hpp"
#include "subject/same_person.hpp"

namespace gdpr::journal {

namespace {

constexpr const char *reason = "replayed from the journal";
constexpr const char *refusal = "refused";

/// What was done, counted by table and word.
using Tally = std::map<std::pair<Oid, std::string>, std::int64_t>;

/// Calls one of the extension's own functions, as the officer; how many rows it returned that say that it did
/// something.
std::int64_t call(const std::string &sql, const std::vector<pg::Param> &params) {
    pg::Spi spi;
    return spi.run("SELECT pg_catalog.count(*) FROM " + sql, params).number(0, 1);
}

/// An objection may say more after the purpose's name, which has no slash.
bool has_purpose(const std::string &name) {
    const pg::OwnerScope scope(pg::gdpr_relation("purpose"));
    pg::Spi spi;
    return spi
        .run("SELECT EXISTS (SELECT FROM gdpr.purpose WHERE name = pg_catalog.split_part($1, '/', 1))",
             {pg::param(name)})
        .boolean(0, 1);
}

/// Does an act again to one person; returns the word for it, empty where there was nothing to do.
std::string act_again(const Entry &entry, Oid table, const std::string &key) {
    const pg::Param whose = pg::param_oid(table), who = pg::param(key);
    switch (entry.act) {
    case Act::erasure:
        return call("gdpr.forget($1, $2, $3)", {whose, who, pg::param(reason)}) > 0 ? "forget" : "";
    case Act::restriction: {
        if (entry.until && *entry.until <= pg::call([] { return GetCurrentStatementStartTimestamp(); }))
            return {};
        const pg::Param until =
            entry.until ? pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(*entry.until)) : pg::null_param(TIMESTAMPTZOID);
        (void)call("gdpr.restrict($1, $2, $3, $4)", {whose, who, pg::param(reason), until});
        return "restrict";
    }
    case Act::objection:
        if (!has_purpose(entry.purpose))
            return refusal; // it was made after the backup; once it is there again, so is the objection
        (void)call("gdpr.record_objection($1, $2, $3, $4)", {whose, who, pg::param(entry.purpose), pg::param(reason)});
        return "object";
    case Act::consent_withdrawn:
        return has_purpose(entry.purpose) && call("gdpr.withdraw_consent($1, $2, $3) AS event WHERE event IS NOT NULL",
                                                  {whose, who, pg::param(entry.purpose)}) > 0
                   ? "withdraw"
                   : "";
    default:
        return {};
    }
}

bool asks(const Open &open) {
    return !open.answered &&
           (!open.question.empty() || std::any_of(open.found.begin(), open.found.end(),
                                                  [](const Found &each) { return each.verdict == Verdict::ask; }));
}

void replay(const Open &open, Tally &tally) {
    if (asks(open)) {
        tally[{open.table, "ask"}]++;
        return;
    }
    const Replaying again(open.entry.id);
    const subject::OneRow alone; // each row has an entry of its own
    bool refused = false;
    for (const Found &each : open.found) {
        std::string done;
        // A legal hold that the restore brought back, or a trigger: the others are not to wait for this one.
        if (!pg::attempt(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         [&] { done = act_again(open.entry, open.table, each.key); }))
            done = refusal;
        refused = refused || done == refusal;
        if (!done.empty())
            tally[{open.table, done}]++;
    }
    if (refused)
        return;
    if (!open.found.empty())
        enter(open.entry.id);
    else if (open.entry.act == Act::erasure && OidIsValid(open.table) &&
             rights::restore_receipt(open.table, open.entry))
        tally[{open.table,
               "receipt"}]++; // they were never in this state of the database, but were forgotten all the same
}

void replay(pg::ResultSet &result) {
    const State found = state();
    Tally tally;
    // Erasures first: nobody is restricted only to be forgotten.
    for (const bool erasures : {true, false})
        for (const Open &each : found.open)
            if ((each.entry.act == Act::erasure) == erasures)
                replay(each, tally);
    for (const auto &[entry, blocked] : found.blocks)
        if (const std::uint64_t rows = blocked ? rights::restore_block(entry.identifiers[0].hash, entry)
                                               : rights::lift_block(entry.identifiers[0].hash, entry);
            rows > 0)
            tally[{InvalidOid, blocked ? "block" : "unblock"}] += static_cast<std::int64_t>(rows);
    for (const auto &[what, count] : tally)
        result.add({OidIsValid(what.first) ? pg::param_oid(what.first) : pg::null_param(REGCLASSOID), pg::param(count),
                    pg::param(what.second)});
}

void questions(pg::ResultSet &result) {
    for (const Open &each : state().open) {
        if (!asks(each))
            continue;
        const auto add = [&](const std::optional<std::string> &key, const std::string &question) {
            result.add({uuid_param(each.entry.id), pg::param(act_name(each.entry.act)),
                        pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(each.entry.at)), pg::param(each.entry.table),
                        pg::param_or_null(key), pg::param(question)});
        };
        if (each.found.empty())
            add(std::nullopt, each.question);
        for (const Found &person : each.found)
            add(person.key, each.question.empty() ? "This may be the person, or somebody who has their key or "
                                                    "identifier. Is it them?"
                                                  : each.question);
    }
}

void answer(const Id &id, bool done) {
    const std::vector<Open> all = state().open;
    if (std::none_of(all.begin(), all.end(), [&](const Open &each) { return each.entry.id == id && asks(each); }))
        pg::raise(ERRCODE_NO_DATA_FOUND, "the journal asks nothing about this entry", "",
                  "See gdpr.journal_questions().");
    Record record;
    record.kind = done ? Record::Kind::yes : Record::Kind::no;
    record.entry.id = id;
    append({record});
}

} // namespace

} // namespace gdpr::journal

using namespace gdpr;

GDPR_FUNCTION(gdpr_replay_erasures) {
    pg::require_role("gdpr_officer", "replay the journal");
    pg::ResultSet result(fcinfo);
    pg::make_constraints_immediate();
    journal::replay(result);
    PG_RETURN_NULL();
}

GDPR_FUNCTION(gdpr_journal_questions) {
    pg::require_role("gdpr_officer", "read what the journal asks");
    pg::ResultSet result(fcinfo);
    journal::questions(result);
    PG_RETURN_NULL();
}

GDPR_FUNCTION(gdpr_journal_answer) {
    pg::require_role("gdpr_officer", "answer the journal");
    const std::string entry = pg::to_string(pg::call(
        [&] { return CStringGetTextDatum(DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(0)))); }));
    journal::answer(journal::id_of(entry), PG_GETARG_BOOL(1));
    PG_RETURN_VOID();
}
