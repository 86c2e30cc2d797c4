#include "audit/audit.hpp"

#include "audit/actor.hpp"
#include "audit/record.hpp"
#include "audit/row.hpp"
#include "pg/pg.hpp"
#include "pg/settings.hpp"

namespace gdpr::audit {

namespace {

const Erasing *erasing = nullptr;

} // namespace

Erasing::Erasing(std::vector<subject::Subject> subjects) noexcept
    : subjects_(std::move(subjects)), outer_(std::exchange(erasing, this)) {}
Erasing::~Erasing() { erasing = outer_; }
bool without_values() noexcept { return erasing != nullptr; }
bool nameless(const subject::Subject &subject) noexcept { return erasing != nullptr && erasing->includes(subject); }

namespace {

/// A person's key, in force up to a change (and for what cascades from it, to the end of its transaction): whoever
/// has the key later is somebody else.
struct Name {
    std::string key;
    std::int64_t until;
    std::optional<std::string> left_in;
    bool operator<(const Name &other) const {
        return std::tie(key, until, left_in) < std::tie(other.key, other.until, other.left_in);
    }
};

/// A person's records, by the change and the key they bear.
using Records = std::set<std::pair<std::int64_t, std::string>>;

/// The columns of a subject table's primary key as a text[] literal.
std::string key_columns(Oid table) {
    std::string list;
    for (const pg::Column &each : pg::primary_key(table))
        list += (list.empty() ? "" : ", ") + pg::quote_literal(each.name);
    return "ARRAY[" + list + "]::text[]";
}

/// Finds the records under one name, and the other names in the changes of the primary key among them.
void find_under(const Name &name, Oid table, pg::Spi &spi, Records &records, std::set<Name> &names) {
    const pg::Rows own = spi.run_again(
        "SELECT id, transaction::text, relation = $1 AND operation = 'UPDATE' AND changed && " + key_columns(table) +
            "  FROM gdpr.audit_record WHERE subject_table = $1 AND key = $2"
            "   AND (id <= $3 OR transaction = $4::xid8)",
        {pg::param_oid(table), pg::param(name.key), pg::param(name.until), pg::param_or_null(name.left_in)});
    for (std::uint64_t row = 0; row < own.size(); row++) {
        const std::int64_t id = own.number(row, 1);
        records.emplace(id, name.key);
        if (!own.boolean(row, 3))
            continue;
        const pg::Rows others =
            spi.run_again("SELECT key::text FROM gdpr.audit_record WHERE id = $1 AND subject_table = $2 AND key <> $3",
                          {pg::param(id), pg::param_oid(table), pg::param(name.key)});
        for (std::uint64_t other = 0; other < others.size(); other++)
            names.insert({others.text_or(other, 1), id, own.text(row, 2)});
    }
}

Records records_of(const subject::Subject &subject, pg::Spi &spi) {
    Records records;
    std::set<Name> names = {{subject.key, PG_INT64_MAX, std::nullopt}}, done;
    while (!names.empty()) {
        const Name next = *names.begin();
        names.erase(names.begin());
        if (done.insert(next).second)
            find_under(next, subject.table, spi, records, names);
    }
    return records;
}

/// $2 and $3 of the statements on records: their ids and keys, pairwise.
std::vector<pg::Param> params_of(const subject::Subject &subject, const Records &records) {
    std::vector<Datum> ids, keys;
    for (const auto &[id, key] : records) {
        ids.push_back(Int64GetDatum(id));
        keys.push_back(pg::text_datum(key));
    }
    const auto array = [](std::vector<Datum> &values, Oid type, int length, bool by_value, char align) {
        return pg::call([&] {
            return PointerGetDatum(
                construct_array(values.data(), static_cast<int>(values.size()), type, length, by_value, align));
        });
    };
    return {pg::param_oid(subject.table),
            pg::param(INT8ARRAYOID, array(ids, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
            pg::param(TEXTARRAYOID, array(keys, TEXTOID, -1, false, TYPALIGN_INT))};
}

// Records of one change have one id and the same content. What the others' records say is this person's data as well,
// and no value tells whose it is: it goes from all of them. That it happened stays on record for the others.
constexpr const char *own_record = "(r.subject_table = $1 AND (r.id, r.key::text) IN"
                                   " (SELECT * FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) o))";

std::string scrubbed_records() {
    return std::string(" WHERE r.id = ANY ($2) AND (r.content IS NOT NULL OR ") + own_record + ")";
}

} // namespace

Scrub::Scrub(subject::Subject subject) : subject_(std::move(subject)) { find(); }

void Scrub::find() {
    ended_ = pg::transactions_ended();
    const pg::OwnerScope scope(pg::gdpr_relation("audit_record"));
    const pg::ByIndexes indexes;
    pg::Spi spi;
    found_ = records_of(subject_, spi);
}

std::uint64_t Scrub::count() const {
    if (found_.empty())
        return 0;
    const pg::OwnerScope scope(pg::gdpr_relation("audit_record"));
    const pg::ByIndexes indexes;
    pg::Spi spi;
    return static_cast<std::uint64_t>(
        spi.run_again("SELECT pg_catalog.count(*) FROM gdpr.audit_record r" + scrubbed_records(),
                      params_of(subject_, found_))
            .number(0, 1));
}

void Scrub::run() {
    if (pg::transactions_ended() != ended_)
        find();
    if (found_.empty())
        return;
    const pg::OwnerScope scope(pg::gdpr_relation("audit_record"));
    const pg::ByIndexes indexes;
    pg::Spi spi;
    (void)spi.run_again(std::string("UPDATE gdpr.audit_record r SET content = NULL, changed = CASE WHEN ") +
                            own_record + " THEN NULL ELSE r.changed END, key = CASE WHEN " + own_record +
                            " THEN NULL ELSE r.key END" + scrubbed_records(),
                        params_of(subject_, found_));
}

namespace {

void record_act(Oid relation, std::string_view operation, std::string_view note,
                const std::vector<subject::Subject> &people) {
    const std::string word(operation);
    Record act;
    act.relation = relation;
    act.operation = word.c_str();
    if (!note.empty() && !without_values())
        act.content = pg::call([&] { return note_content(note); });
    write(act, people);
}

} // namespace

void record(const subject::Subject &subject, std::string_view operation, std::string_view note) {
    record_act(subject.table, operation, note, {subject});
}

void record_about(Oid relation, std::string_view operation, std::string_view note) {
    record_act(relation, operation, note, {});
}

void init() {
    init_shapes();
    init_records();
    init_actor();
}

} // namespace gdpr::audit
