// What is left of a person: by their key, or by the receipt of their erasure, which does not say who they were.
#include "audit/audit.hpp"
#include "encrypted/literal.hpp"
#include "journal/journal.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "rights/erase_plan.hpp"
#include "rights/receipt.hpp"
#include "subject/owner.hpp"
#include "subject/person.hpp"
#include "subject/personal.hpp"

namespace gdpr::rights {

namespace {

using Report = std::function<void(const std::string &, const std::string &)>;

/// What an erasure left to know its person by.
struct Erased {
    Oid table = InvalidOid;
    cipher::Digest subject{};
    std::optional<TimestampTz> at; // of the receipt, the newest of that person where they are named
    std::optional<subject::Subject> person;
};

/// Whoever has the key now came after the erasure.
bool key_is_anothers(const Erased &erased) { return erased.at && came_later(*erased.person, *erased.at); }

/// By the key: their rows, and what gdpr itself keeps of them.
void verify_key(const subject::Subject &subject, const Report &report) {
    const auto own = [&](const char *table, std::uint64_t rows, const char *finding) {
        if (rows > 0)
            report(pg::relation_name(pg::gdpr_relation(table)), std::to_string(rows) + finding);
    };
    std::optional<subject::Collection> collection;
    {
        // The key's type may carry code of the table's owner, which must not run as the officer.
        const pg::OwnerScope scope(subject.table);
        collection.emplace(subject);
    }
    if (collection->exists()) {
        // What was never erased is told as what is still to do.
        Before before = erased_before(subject);
        before.rows = std::max<std::int64_t>(before.rows, 1);
        const ErasePlan plan(*collection, before);
        for (const Line &each : plan.lines())
            report(pg::relation_name(each.relation), std::to_string(each.rows) + " rows left to " + each.action);
    } else
        for (const subject::Selection &each : collection->selections())
            if (each.rows > 0)
                report(pg::relation_name(each.step.node), std::to_string(each.rows) + " rows with the person's key");
    own("audit_record", audit::Scrub(subject).count(), " records with key or values");
    for (const auto &[relation, rows] : subject::close_personal(subject, InvalidCommandId, true))
        own(relation.c_str(), rows, " rows with the key");
    const pg::OwnerScope scope(pg::gdpr_relation("restriction"));
    pg::Spi spi;
    const std::int64_t restrictions = spi.run("SELECT pg_catalog.count(*) FROM gdpr.restriction"
                                              " WHERE subject_table = $1 AND key = $2 AND kind <> 'retention'",
                                              {pg::param_oid(subject.table), pg::param(subject.key)})
                                          .number(0, 1);
    own("restriction", static_cast<std::uint64_t>(restrictions), " restrictions other than retention");
}

/// The key behind the hash, where any row of the subject table or of gdpr's own still has it.
std::optional<subject::Subject> find_person(const Erased &erased) {
    std::optional<std::string> found;
    const auto look = [&](const std::string &key) {
        if (!found && journal::subject_hash({erased.table, key}) == erased.subject)
            found = key;
    };
    pg::each_row(erased.table, [&](Oid leaf, TupleTableSlot *row) {
        if (const auto key = subject::row_key(leaf, row))
            look(*key);
    });
    std::vector<std::string> kept{"restriction", "objection", "audit_record"};
    for (const subject::Personal &each : subject::personal_tables())
        kept.push_back(each.relation);
    for (const std::string &table : kept) {
        if (found)
            break;
        const pg::OwnerScope scope(pg::gdpr_relation(table.c_str()));
        pg::Spi spi;
        pg::Cursor cursor("SELECT DISTINCT key::text FROM gdpr." + pg::quote(table) +
                              " WHERE subject_table = $1 AND key IS NOT NULL",
                          {pg::param_oid(erased.table)});
        for (pg::Rows rows = cursor.fetch(); !rows.empty(); rows = cursor.fetch())
            for (std::uint64_t row = 0; row < rows.size(); row++)
                look(rows.text_or(row, 1));
    }
    return found ? std::optional(subject::Subject{erased.table, *found}) : std::nullopt;
}

/// Does the identifier in this column of the row tell of somebody else, who may share it?
bool of_others(const Erased &erased, Oid leaf, AttrNumber column, TupleTableSlot *row) {
    const std::vector<subject::Subject> owners = subject::owners_of(leaf, row);
    // Who has the same there is the same person, if they did not come back since.
    if (const label::ColumnLabel *label = label::of(leaf).column(column);
        label != nullptr && label->same_person && subject::is_subject(leaf))
        return std::all_of(owners.begin(), owners.end(),
                           [&](const subject::Subject &owner) { return erased.at && came_later(owner, *erased.at); });
    return !owners.empty() && std::none_of(owners.begin(), owners.end(), [&](const subject::Subject &owner) {
        return journal::subject_hash(owner) == erased.subject && owner.table == erased.table &&
               !(erased.person && key_is_anothers(erased));
    });
}

/// By the identifiers, of which the journal has the hashes: rows of labelled tables that are nobody else's.
void verify_identifiers(const Erased &erased, const std::vector<journal::IdentifierHash> &hashes,
                        const Report &report) {
    std::map<std::uint32_t, std::set<cipher::Digest>> by_key; // an identifier is hashed once for each key
    for (const journal::IdentifierHash &each : hashes)
        by_key[each.key].insert(each.hash);
    const auto theirs = [&](const Identifier &one) {
        return std::any_of(by_key.begin(), by_key.end(),
                           [&](const auto &each) { return each.second.contains(identifier_hash(one, each.first)); });
    };
    for (const Oid relation : label::labelled_relations()) {
        std::map<Oid, IdentifierColumns> columns;
        std::map<std::string, std::uint64_t> rows;
        std::set<std::string> held; // columns where somebody has one of the identifiers
        const MemoryContext lasting = CurrentMemoryContext;
        const label::Labels labels = label::of(relation);
        if (std::none_of(labels.columns.begin(), labels.columns.end(),
                         [](const label::LabelledColumn &each) { return each.label.identifier; }))
            continue;
        pg::each_row(relation, [&](Oid leaf, TupleTableSlot *row) {
            auto known = columns.find(leaf);
            if (known == columns.end()) {
                const pg::ContextScope scope(lasting);
                known = columns.emplace(leaf, IdentifierColumns(leaf)).first;
            }
            for (std::size_t i = 0; i < known->second.size(); i++)
                if (const auto one = known->second.read(i, row); one && theirs(*one)) {
                    held.insert(known->second.name(i));
                    if (!of_others(erased, leaf, known->second.number(i), row))
                        rows[known->second.name(i)]++;
                }
        });
        for (const auto &[column, count] : rows)
            report(pg::relation_name(relation),
                   std::to_string(count) + " rows with an identifier of theirs in " + pg::quote(column));
        // The planner's samples.
        const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
        const encrypted::PlainOutput plain;
        pg::Spi spi;
        for (const label::LabelledColumn &each : labels.columns) {
            if (!each.label.identifier || held.contains(each.name))
                continue;
            const pg::Rows samples = spi.run(
                "WITH RECURSIVE heirs (id) AS (SELECT $1::pg_catalog.oid UNION SELECT i.inhrelid"
                "    FROM pg_catalog.pg_inherits i JOIN heirs ON i.inhparent = heirs.id)"
                "  SELECT DISTINCT v FROM heirs JOIN pg_catalog.pg_attribute c ON c.attrelid = heirs.id"
                "    JOIN pg_catalog.pg_statistic s ON s.starelid = c.attrelid AND s.staattnum = c.attnum,"
                "  LATERAL (VALUES (s.stavalues1), (s.stavalues2), (s.stavalues3), (s.stavalues4), (s.stavalues5)) AS a (a),"
                "  LATERAL pg_catalog.unnest(a::pg_catalog.text::pg_catalog.text[]) AS v"
                "  WHERE a IS NOT NULL AND c.attname = $2",
                {pg::param_oid(relation), pg::param(each.name)});
            std::uint64_t count = 0;
            for (std::uint64_t row = 0; row < samples.size(); row++)
                if (const Identifier one = identifier(samples.text_or(row, 1)); !one.value.empty() && theirs(one))
                    count++;
            if (count > 0)
                report("pg_catalog.pg_statistic", std::to_string(count) + " samples of " + pg::quote(each.name) +
                                                      " of " + pg::relation_name(relation));
        }
    }
}

void verify(Erased erased, pg::ResultSet &result) {
    const Report report = [&](const std::string &place, const std::string &finding) {
        result.add({pg::param(place), pg::param(finding)});
    };
    if (!erased.person)
        erased.person = find_person(erased);
    if (erased.person && !key_is_anothers(erased))
        verify_key(*erased.person, report);
    if (const auto hashes = journal::erased_identifiers(erased.subject); !hashes.empty())
        verify_identifiers(erased, hashes, report);
}

/// The receipt of that number.
std::optional<Erased> receipt(Datum number) {
    const pg::OwnerScope scope(pg::gdpr_relation("erasure"));
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT subject_table, subject, at FROM gdpr.erasure WHERE id = $1", {pg::param(INT8OID, number)});
    if (rows.empty())
        return std::nullopt;
    Erased erased;
    erased.table = rows.oid(0, 1);
    const std::string hash = pg::to_string(*rows.datum(0, 2));
    if (hash.size() != erased.subject.size())
        pg::raise(ERRCODE_DATA_CORRUPTED, "the receipt is damaged", "It does not hold a hash of its person.");
    std::memcpy(erased.subject.data(), hash.data(), hash.size());
    erased.at = DatumGetTimestampTz(*rows.datum(0, 3));
    return erased;
}

} // namespace

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_verify_forgotten) {
    pg::require_role("gdpr_officer", "verify an erasure");
    pg::ResultSet result(fcinfo);
    pg::make_constraints_immediate();
    rights::Erased erased;
    erased.person = subject::person_argument(fcinfo);
    erased.table = erased.person->table;
    if (const rights::Before before = rights::erased_before(*erased.person); before.ever()) {
        erased.subject = journal::subject_hash(*erased.person);
        erased.at = before.at;
    }
    rights::verify(std::move(erased), result);
    PG_RETURN_NULL();
}

GDPR_FUNCTION(gdpr_verify_receipt) {
    pg::require_role("gdpr_officer", "verify an erasure");
    pg::ResultSet result(fcinfo);
    pg::make_constraints_immediate();
    const auto erased = rights::receipt(PG_GETARG_DATUM(0));
    if (!erased)
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such receipt", "", "See gdpr.erasure.");
    if (!pg::relation_exists(erased->table))
        pg::raise(ERRCODE_UNDEFINED_TABLE, "the subject table of this receipt is gone");
    rights::verify(*erased, result);
    PG_RETURN_NULL();
}
