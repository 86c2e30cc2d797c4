// gdpr.rectify(subject, changes, reason): what is wrong of a person is put right (Art. 16).
#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "rights/changes.hpp"
#include "rights/person.hpp"
#include "subject/owner.hpp"

namespace gdpr::rights {

namespace {

/// The columns of the relation's first places that owner_columns and the primary key name; the others are not read.
std::string telling_shape(Oid relation) {
    const std::vector<AttrNumber> owners = subject::owner_columns(relation);
    std::set<AttrNumber> needed(owners.begin(), owners.end());
    for (const pg::Column &column : pg::primary_key(relation))
        needed.insert(column.number);
    std::map<AttrNumber, std::string> names;
    for (const pg::Column &column : pg::columns_of(relation))
        names[column.number] = "t." + pg::quote(column.name);
    std::string list;
    for (AttrNumber number = 1; number <= *needed.rbegin(); number++)
        list += (number > 1 ? ", " : "") + (needed.contains(number) ? names.at(number) : "NULL");
    return list;
}

/// What an owner's constraints and triggers say keeps its SQLSTATE, its message and the names of table, column and
/// constraint. DETAIL goes, since it quotes rows, and so do PostgreSQL's messages on data, which quote values.
template <typename Step> void without_values(Oid relation, Step &&step) {
    try {
        step();
    } catch (pg::Error &error) {
        if (error.data() == nullptr)
            throw;
        if (ERRCODE_TO_CATEGORY(error.sqlstate()) == ERRCODE_DATA_EXCEPTION)
            pg::raise(error.sqlstate(), "values do not fit " + pg::relation_name(relation));
        error.data()->detail = nullptr;
        error.data()->detail_log = nullptr;
        throw;
    }
}

class Rectifier {
  public:
    Rectifier(const subject::Subject &subject, const subject::Selection &selection);

    /// Changes the rows of these keys, each exactly once or raises. Returns how many.
    std::uint64_t run(const std::map<std::string, RowChanges> &rows);

  private:
    using Key = std::vector<pg::Param>;

    std::map<std::string, Key> find(const std::map<std::string, RowChanges> &rows) const;
    void lock(pg::Spi &spi, const Key &key) const;
    void update(pg::Spi &spi, const Key &key, const RowChanges &changes) const;
    std::string at(const Key &key) const;
    [[noreturn]] void missing() const;

    const subject::Subject &subject_;
    const subject::Selection &selection_;
    Oid relation_;
    std::string name_, shape_;
    std::vector<pg::Column> key_;
};

Rectifier::Rectifier(const subject::Subject &subject, const subject::Selection &selection)
    : subject_(subject), selection_(selection), relation_(selection.step.node), name_(pg::relation_name(relation_)),
      key_(pg::primary_key(relation_)) {
    if (key_.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "rows of " + name_ + " cannot be named",
                  "The table has no primary key.", "Add a primary key.");
    shape_ = telling_shape(relation_);
}

/// The primary keys of the person's rows that are to change, by the text that names them.
std::map<std::string, Rectifier::Key> Rectifier::find(const std::map<std::string, RowChanges> &rows) const {
    std::map<std::string, Key> found;
    MemoryContext context = CurrentMemoryContext;
    const pg::OwnerScope scope(relation_);
    const pg::PinnedFormats formats;
    pg::Cursor cursor("SELECT " + shape_ + " FROM " + name_ + " AS t WHERE " + selection_.condition, selection_.params);
    for (pg::Rows batch = cursor.fetch(); !batch.empty(); batch = cursor.fetch())
        for (std::uint64_t row = 0; row < batch.size(); row++) {
            // The person's own row is the one that the condition names.
            const std::optional<std::string> text =
                selection_.step.kind == subject::Step::Kind::subject
                    ? std::optional(rows.begin()->first)
                    : subject::row_key(relation_, batch.tuple(row), batch.descriptor());
            if (!text || !rows.contains(*text))
                continue;
            Key key;
            for (const pg::Column &column : key_) {
                const Datum value = *batch.datum(row, column.number);
                key.push_back(pg::param(column.type, pg::call([&] {
                                            int16 length;
                                            bool by_value;
                                            get_typlenbyval(column.type, &length, &by_value);
                                            const pg::ContextScope kept(context);
                                            return datumCopy(value, by_value, length);
                                        })));
            }
            found.emplace(*text, std::move(key));
        }
    return found;
}

std::string Rectifier::at(const Key &key) const {
    std::string condition = selection_.condition;
    for (std::size_t i = 0; i < key.size(); i++)
        condition += " AND t." + pg::quote(key_[i].name) + " = $" + std::to_string(selection_.params.size() + i + 1);
    return condition;
}

void Rectifier::missing() const {
    pg::raise(ERRCODE_NO_DATA_FOUND, "this person has no such row in " + name_, "",
              "gdpr.access() shows the person's rows and their keys.");
}

/// Holds the row, and makes sure that it is this person's and nobody else's.
void Rectifier::lock(pg::Spi &spi, const Key &key) const {
    std::vector<pg::Param> params = selection_.params;
    params.insert(params.end(), key.begin(), key.end());
    const pg::Rows rows =
        spi.run("SELECT " + shape_ + " FROM " + name_ + " AS t WHERE " + at(key) + " FOR UPDATE OF t", params);
    if (rows.size() != 1)
        missing();
    if (!selection_.step.shared)
        return;
    for (const subject::Subject &owner : subject::owners_of(relation_, rows.tuple(0), rows.descriptor()))
        if (owner != subject_)
            pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a row of " + name_ + " belongs to others as well",
                      "What one of its owners has rectified, the others might object to.",
                      "Agree with all of them, and change it by UPDATE, as a role that may.");
}

void Rectifier::update(pg::Spi &spi, const Key &key, const RowChanges &changes) const {
    std::vector<pg::Param> params = selection_.params;
    params.insert(params.end(), key.begin(), key.end());
    std::string assignments;
    for (const auto &[column, value] : changes) {
        params.push_back(value_for(relation_, column, value));
        assignments += (assignments.empty() ? "" : ", ") + pg::quote(column) + " = $" + std::to_string(params.size());
    }
    const pg::Rows done = spi.run("UPDATE " + name_ + " AS t SET " + assignments + " WHERE " + at(key), params);
    if (done.processed() != 1)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a row of " + name_ + " was not changed",
                  "A trigger or a rule of the table prevented it.");
}

std::uint64_t Rectifier::run(const std::map<std::string, RowChanges> &rows) {
    const pg::OwnerScope scope(relation_);
    pg::Spi spi;
    const std::map<std::string, Key> keys = find(rows);
    if (keys.size() != rows.size())
        missing();
    for (const auto &row : rows)
        without_values(relation_, [&] {
            lock(spi, keys.at(row.first));
            update(spi, keys.at(row.first), row.second);
        });
    return rows.size();
}

std::uint64_t rectify(const subject::Subject &subject, Datum json) {
    const subject::Collection collection = collect(subject);
    std::uint64_t count = 0;
    for (const auto &[place, rows] : read_changes(collection, json))
        count += Rectifier(subject, collection.selections()[place]).run(rows);
    return count;
}

} // namespace

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_rectify) {
    pg::require_role("gdpr_officer", "rectify a person's data");
    constexpr const char *names[] = {"subject_table", "key", "changes", "reason"};
    for (int i = 0; i < 4; i++)
        if (PG_ARGISNULL(i))
            pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string(names[i]) + " must not be null");
    const std::string reason = pg::to_string(PG_GETARG_DATUM(3));
    if (reason.find_first_not_of(" \t\r\n") == std::string::npos)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "a rectification needs a reason", "",
                  "Say what was wrong, and on whose word.");
    pg::make_constraints_immediate();
    const subject::Subject subject = rights::person(PG_GETARG_OID(0), PG_GETARG_DATUM(1));
    const std::uint64_t count = rights::rectify(subject, PG_GETARG_DATUM(2));
    audit::record(subject, "rectify", reason);
    PG_RETURN_INT64(static_cast<int64>(count));
}
