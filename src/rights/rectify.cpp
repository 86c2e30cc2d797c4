// gdpr.rectify(subject, changes, reason): what is wrong of a person is put right (Art. 16).
#include "audit/audit.hpp"
#include "mail/outbox.hpp"
#include "pg/pg.hpp"
#include "rights/changes.hpp"
#include "rights/erase_keys.hpp"
#include "rights/person.hpp"
#include "subject/owner.hpp"
#include "subject/person.hpp"

namespace gdpr::rights {

namespace {

/// The columns of the relation's first places that owner_columns and the primary key name; the others are not read.
std::string telling_shape(Oid relation, int &count) {
    const std::vector<AttrNumber> owners = subject::owner_columns(relation);
    std::set<AttrNumber> needed(owners.begin(), owners.end());
    for (const pg::Column &column : pg::primary_key(relation))
        needed.insert(column.number);
    std::map<AttrNumber, std::string> names;
    for (const pg::Column &column : pg::columns_of(relation))
        names[column.number] = "t." + pg::quote(column.name);
    std::string list;
    count = *needed.rbegin();
    for (int number = 1; number <= count; number++)
        list += (number > 1 ? ", " : "") +
                (needed.contains(static_cast<AttrNumber>(number)) ? names.at(static_cast<AttrNumber>(number)) : "NULL");
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

/// A key that leads to a row by columns that change, and what they were and are. A foreign key follows by itself or
/// forbids the change; one that only a label knows would lead nowhere.
struct Following {
    const subject::Edge *edge;
    std::vector<pg::Param> before, after;
};

class Rectifier {
  public:
    Rectifier(const subject::Collection &collection, std::size_t place);

    /// Changes the rows of these keys, each exactly once or raises. Returns the key that the last of them now has.
    std::string run(const std::map<std::string, RowChanges> &rows);

  private:
    using Key = std::vector<pg::Param>;

    std::map<std::string, Key> find(const std::map<std::string, RowChanges> &rows) const;
    void collect(const std::string &condition, const std::vector<pg::Param> &params,
                 const std::map<std::string, RowChanges> &rows, std::map<std::string, Key> &found) const;
    void lock(pg::Spi &spi, const Key &key) const;
    std::string update(const Key &key, const RowChanges &changes) const;
    std::vector<Following> following(const RowChanges &changes) const;
    void follow(const Following &following) const;
    std::string at(const Key &key) const;
    [[noreturn]] void missing() const;

    const subject::Collection &collection_;
    const subject::Subject &subject_;
    const subject::Selection &selection_;
    Oid relation_;
    std::string name_, shape_;
    int shape_columns_ = 0;
    std::vector<pg::Column> key_;
};

Rectifier::Rectifier(const subject::Collection &collection, std::size_t place)
    : collection_(collection), subject_(collection.subject()), selection_(collection.selections()[place]),
      relation_(selection_.step.node), name_(pg::relation_name(relation_)), key_(pg::primary_key(relation_)) {
    if (key_.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "rows of " + name_ + " cannot be named",
                  "The table has no primary key.", "Add a primary key.");
    shape_ = telling_shape(relation_, shape_columns_);
}

/// The primary keys of the person's rows that are to change, by the text that names them.
std::map<std::string, Rectifier::Key> Rectifier::find(const std::map<std::string, RowChanges> &rows) const {
    std::map<std::string, Key> found;
    const pg::OwnerScope scope(relation_);
    const pg::PinnedFormats formats;
    // The person's own row is the one that the condition names. A composite key is compared as text.
    if (selection_.step.kind == subject::Step::Kind::subject || key_.size() > 1) {
        collect(selection_.condition, selection_.params, rows, found);
        return found;
    }
    const Oid type = travelling_type(key_[0].type);
    for (const auto &row : rows) {
        std::vector<pg::Param> params = selection_.params;
        if (!pg::attempt(ERRCODE_DATA_EXCEPTION,
                         [&] { params.push_back(pg::param(type, input_value(type, -1, row.first))); }))
            missing();
        collect(selection_.condition + " AND t." + pg::quote(key_[0].name) + " " + pg::equals(key_[0].type, type) +
                    " $" + std::to_string(params.size()),
                params, rows, found);
    }
    return found;
}

/// Adds those that a condition reaches; the keys lie in the current memory context.
void Rectifier::collect(const std::string &condition, const std::vector<pg::Param> &params,
                        const std::map<std::string, RowChanges> &rows, std::map<std::string, Key> &found) const {
    pg::Spi spi;
    pg::Cursor cursor("SELECT " + shape_ + " FROM " + name_ + " AS t WHERE " + condition, params);
    for (pg::Rows batch = cursor.fetch(); !batch.empty(); batch = cursor.fetch())
        for (std::uint64_t row = 0; row < batch.size(); row++) {
            const std::optional<std::string> text =
                selection_.step.kind == subject::Step::Kind::subject
                    ? std::optional(rows.begin()->first)
                    : subject::row_key(relation_, batch.tuple(row), batch.descriptor());
            if (!text || !rows.contains(*text))
                continue;
            Key key;
            for (const pg::Column &column : key_)
                key.push_back(pg::param(column.type, spi.keep(*batch.datum(row, column.number), column.type)));
            found.emplace(*text, std::move(key));
        }
}

std::string Rectifier::at(const Key &key) const {
    std::string condition = selection_.condition;
    for (std::size_t i = 0; i < key.size(); i++)
        condition += " AND t." + pg::quote(key_[i].name) + " " + pg::equals(key_[i].type) + " $" +
                     std::to_string(selection_.params.size() + i + 1);
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
    // What leads to the row may have changed since the condition was made.
    const std::vector<subject::Subject> owners = subject::owners_of(relation_, rows.tuple(0), rows.descriptor());
    if (std::find(owners.begin(), owners.end(), subject_) == owners.end())
        missing();
    for (const subject::Subject &owner : owners)
        if (owner != subject_)
            pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a row of " + name_ + " belongs to others as well",
                      "What one of its owners has rectified, the others might object to.",
                      "Agree with all of them, and change it by UPDATE, as a role that may.");
}

std::vector<Following> Rectifier::following(const RowChanges &changes) const {
    std::vector<Following> out;
    for (const subject::Step &step : collection_.walk().steps)
        for (const subject::Hop &hop : step.hops)
            if (const auto &columns = hop.edge.parent_columns;
                hop.edge.parent == relation_ && !hop.edge.many &&
                std::any_of(columns.begin(), columns.end(), [&](const auto &name) { return changes.contains(name); }))
                out.push_back({&hop.edge, {}, {}});
    return out;
}

void Rectifier::follow(const Following &following) const {
    const subject::Edge &edge = *following.edge;
    std::vector<pg::Param> params = following.after;
    params.insert(params.end(), following.before.begin(), following.before.end());
    std::string assignments, condition;
    for (std::size_t i = 0; i < edge.child_columns.size(); i++) {
        const std::string column = pg::quote(edge.child_columns[i]);
        assignments += (i > 0 ? ", " : "") + column + " = $" + std::to_string(i + 1);
        const pg::Param &old = following.before[i];
        const Oid type =
            pg::call([&] { return get_atttype(edge.child, get_attnum(edge.child, edge.child_columns[i].c_str())); });
        condition += (i > 0 ? " AND t." : "t.") + column + " " + pg::equals(type, old.type) + " $" +
                     std::to_string(edge.child_columns.size() + i + 1);
    }
    if (!edge.when.empty())
        condition += " AND (" + edge.when + ")";
    const pg::OwnerScope scope(edge.child);
    pg::Spi spi;
    without_values(edge.child, [&] {
        (void)spi.run("UPDATE " + pg::relation_name(edge.child) + " AS t SET " + assignments + " WHERE " + condition,
                      params);
    });
}

/// Returns the key that the row now has.
std::string Rectifier::update(const Key &key, const RowChanges &changes) const {
    std::vector<pg::Param> params = selection_.params;
    params.insert(params.end(), key.begin(), key.end());
    std::vector<Following> followings = following(changes);
    std::string leading;
    std::map<std::string, int> places;
    for (const Following &each : followings)
        for (const std::string &name : each.edge->parent_columns)
            if (places.emplace(name, shape_columns_ + 1 + static_cast<int>(places.size())).second)
                leading += ", t." + pg::quote(name) + "::" + pg::type_name(travelling_type(relation_, name));
    std::string now;
    {
        const pg::OwnerScope scope(relation_);
        pg::Spi spi;
        const auto keep = [&](const pg::Rows &rows, std::vector<pg::Param> Following::*values) {
            for (Following &each : followings)
                for (const std::string &name : each.edge->parent_columns) {
                    const Oid type = travelling_type(relation_, name);
                    const auto value = rows.datum(0, places.at(name));
                    (each.*values).push_back(value ? pg::param(type, spi.keep(*value, type)) : pg::null_param(type));
                }
        };
        without_values(relation_, [&] {
            lock(spi, key);
            if (!followings.empty())
                keep(spi.run("SELECT " + shape_ + leading + " FROM " + name_ + " AS t WHERE " + at(key), params),
                     &Following::before);
            std::string assignments;
            for (const auto &[column, value] : changes) {
                params.push_back(value_for(relation_, column, value));
                assignments +=
                    (assignments.empty() ? "" : ", ") + pg::quote(column) + " = $" + std::to_string(params.size());
            }
            const pg::Rows done = spi.run("UPDATE " + name_ + " AS t SET " + assignments + " WHERE " + at(key) +
                                              " RETURNING " + shape_ + leading,
                                          params);
            if (done.processed() != 1)
                pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a row of " + name_ + " was not changed",
                          "A trigger or a rule of the table prevented it.");
            keep(done, &Following::after);
            now = subject::row_key(relation_, done.tuple(0), done.descriptor()).value_or("");
        });
    }
    for (const Following &each : followings)
        follow(each);
    return now;
}

std::string Rectifier::run(const std::map<std::string, RowChanges> &rows) {
    const std::map<std::string, Key> keys = find(rows);
    if (keys.size() != rows.size())
        missing();
    std::string now;
    for (const auto &row : rows)
        now = update(keys.at(row.first), row.second);
    return now;
}

/// Returns how many rows were named; the subject then has the key that it has afterwards.
std::uint64_t rectify(subject::Subject &subject, Datum json) {
    const subject::Collection collection = rights::collect(subject);
    const Changes changes = read_changes(collection, json);
    std::uint64_t count = 0;
    // What leads to a row may change with it, so the rows that it leads to go first.
    for (auto each = changes.rbegin(); each != changes.rend(); ++each) {
        const std::string now = Rectifier(collection, each->first).run(each->second);
        count += each->second.size();
        if (collection.selections()[each->first].step.kind == subject::Step::Kind::subject)
            subject.key = now;
    }
    return count;
}

} // namespace

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_rectify) {
    pg::require_role("gdpr_officer", "rectify a person's data");
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "changes", "reason"});
    const std::string reason = pg::to_string(PG_GETARG_DATUM(3));
    if (reason.find_first_not_of(" \t\r\n") == std::string::npos)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "a rectification needs a reason", "",
                  "Say what was wrong, and on whose word.");
    pg::make_constraints_immediate();
    subject::Subject subject = subject::person_argument(fcinfo);
    const std::uint64_t count = rights::rectify(subject, PG_GETARG_DATUM(2));
    audit::record(subject, "rectify", reason);
    mail::tell_recipients(subject, "rectified");
    PG_RETURN_INT64(static_cast<int64>(count));
}
