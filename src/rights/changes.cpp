#include "rights/changes.hpp"

#include "pg/pg.hpp"
#include "rights/person.hpp"
#include "subject/owner.hpp"

namespace gdpr::rights {

namespace {

using Step = subject::Step;

constexpr const char *forms =
    "Write {\"column\": value, ...} for the person's own row, and {\"schema.table\": {\"key\": {\"column\": value}}} "
    "for rows that belong to them.";

struct Member {
    std::string name;
    NewValue value;
};

[[noreturn]] void malformed(const std::string &message) {
    pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, message, "", forms);
}

/// The members of a JSON object.
std::vector<Member> members(const pg::Param &object) {
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT e.key, pg_catalog.jsonb_typeof(e.value), e.value #>> '{}', e.value::text"
                                  "  FROM pg_catalog.jsonb_each($1::pg_catalog.jsonb) AS e ORDER BY 1",
                                  {object});
    std::vector<Member> out;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back({rows.text_or(row, 1), {rows.text_or(row, 2), rows.text(row, 3), rows.text_or(row, 4)}});
    return out;
}

std::vector<Member> members(const NewValue &object, const std::string &where) {
    if (object.kind != "object")
        malformed("changes to " + where + " are no JSON object");
    std::vector<Member> out = members(pg::param(object.json));
    if (out.empty())
        malformed("changes to " + where + " are empty");
    return out;
}

std::string listed(const std::vector<std::string> &names) {
    std::string out;
    for (const std::string &name : names)
        out += (out.empty() ? "" : ", ") + name;
    return out;
}

std::vector<std::string> column_names(Oid relation) {
    std::vector<std::string> names;
    for (const pg::Column &column : pg::columns_of(relation))
        names.push_back(pg::quote(column.name));
    return names;
}

std::optional<pg::Column> column_named(Oid relation, const std::string &name) {
    for (const pg::Column &column : pg::columns_of(relation))
        if (column.name == name)
            return column;
    return std::nullopt;
}

/// The selection of a relation by the name that gdpr.access() gives it; an owned one before an accessed one.
std::optional<std::size_t> selection_named(const subject::Collection &collection, const std::string &name) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < collection.selections().size(); i++) {
        const Step &step = collection.selections()[i].step;
        if (pg::relation_name(step.node) == name && (!found || step.kind != Step::Kind::accessed))
            found = i;
    }
    return found;
}

[[noreturn]] void unknown_name(const subject::Collection &collection) {
    std::vector<std::string> relations;
    for (const subject::Selection &each : collection.selections())
        if (each.step.kind == Step::Kind::owned)
            relations.push_back(pg::relation_name(each.step.node));
    const Oid own = collection.subject().table;
    // The name itself may be a value that slipped into its place: it is not repeated.
    pg::raise(ERRCODE_UNDEFINED_COLUMN,
              "changes name neither a column of " + pg::relation_name(own) + " nor a relation of this person",
              relations.empty() ? "" : "The relations are " + listed(relations) + ".",
              "The columns are " + listed(column_names(own)) + ".");
}

/// The columns that say whose a row is: changing one would not rectify the row but give it to somebody. A person's own
/// row stays theirs whatever its key.
std::set<std::string> leading_columns(const subject::Collection &collection, Oid relation) {
    std::set<std::string> names;
    const std::vector<AttrNumber> telling = subject::owner_columns(relation);
    for (const pg::Column &column : pg::columns_of(relation))
        if (relation != collection.subject().table &&
            std::find(telling.begin(), telling.end(), column.number) != telling.end())
            names.insert(column.name);
    for (const Step &step : collection.walk().steps)
        for (const subject::Hop &hop : step.hops)
            if (hop.edge.child == relation)
                names.insert(hop.edge.child_columns.begin(), hop.edge.child_columns.end());
    return names;
}

void check_column(const subject::Collection &collection, Oid relation, const std::string &name) {
    const std::string table = pg::relation_name(relation);
    const auto column = column_named(relation, name);
    if (!column)
        pg::raise(ERRCODE_UNDEFINED_COLUMN, "changes name a column that " + table + " does not have", "",
                  "The columns are " + listed(column_names(relation)) + ".");
    const std::string at = table + "." + pg::quote(name);
    if (column->generated)
        pg::raise(ERRCODE_GENERATED_ALWAYS, "column " + at + " cannot be rectified", "It is generated.",
                  "Rectify the columns that it is generated from.");
    if (leading_columns(collection, relation).contains(name))
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "column " + at + " cannot be rectified",
                  "It says whose rows these are.", "Give the row to someone else by UPDATE, as a role that may.");
}

/// Is this text, once canonical, the subject's own key?
bool own_key(const subject::Subject &subject, const std::string &key) {
    const pg::OwnerScope scope(subject.table);
    return subject::subject(subject.table, key).key == subject.key;
}

void read_relation(const subject::Collection &collection, std::size_t place, const NewValue &rows, Changes &changes) {
    const Step &step = collection.selections()[place].step;
    const std::string table = pg::relation_name(step.node);
    if (step.kind == Step::Kind::accessed)
        pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE, "rows of " + table + " are not this person's",
                  "They are accessed by the person, and tell of others.");
    for (const Member &row : members(rows, table)) {
        std::string key = row.name;
        if (step.kind == Step::Kind::subject) {
            if (!own_key(collection.subject(), key))
                pg::raise(ERRCODE_NO_DATA_FOUND, "this person has no such row in " + table, "",
                          "Rectify each person by a call of their own.");
            key = collection.subject().key;
        }
        for (const Member &column : members(row.value, "a row of " + table)) {
            check_column(collection, step.node, column.name);
            if (!changes[place][key].emplace(column.name, column.value).second)
                pg::raise(ERRCODE_DUPLICATE_COLUMN, "changes name a column of " + table + " twice", "",
                          "Say each change once.");
        }
    }
}

} // namespace

Changes read_changes(const subject::Collection &collection, Datum json) {
    if (!pg::call([&] { return JB_ROOT_IS_OBJECT(DatumGetJsonbP(json)); }))
        malformed("changes are no JSON object");
    const subject::Subject &subject = collection.subject();
    Changes changes;
    for (const Member &each : members(pg::param(JSONBOID, json))) {
        const bool column = column_named(subject.table, each.name).has_value();
        const auto relation = selection_named(collection, each.name);
        if (column && relation)
            pg::raise(ERRCODE_AMBIGUOUS_COLUMN,
                      "changes name what is both a column of " + pg::relation_name(subject.table) + " and a relation",
                      "", "Name the column in the second form, {\"schema.table\": {\"key\": {\"column\": value}}}.");
        if (!column && !relation)
            unknown_name(collection);
        if (relation) {
            read_relation(collection, *relation, each.value, changes);
            continue;
        }
        check_column(collection, subject.table, each.name);
        if (!changes[0][subject.key].emplace(each.name, each.value).second)
            pg::raise(ERRCODE_DUPLICATE_COLUMN,
                      "changes name a column of " + pg::relation_name(subject.table) + " twice", "",
                      "Say each change once.");
    }
    if (changes.empty())
        malformed("changes are empty");
    return changes;
}

pg::Param value_for(Oid relation, const std::string &name, const NewValue &value) {
    const pg::Column column = *column_named(relation, name);
    const Oid type = travelling_type(column.type);
    if (value.kind == "null")
        return pg::null_param(type);
    const std::string at = pg::relation_name(relation) + "." + pg::quote(name);
    const Oid base = pg::call([&] { return getBaseType(type); });
    const bool document = base == JSONOID || base == JSONBOID;
    if (!document && (value.kind == "object" || value.kind == "array"))
        pg::raise(ERRCODE_DATATYPE_MISMATCH, "column " + at + " takes no JSON " + value.kind,
                  "It is of type " + pg::type_name(type, column.typmod) + ".",
                  "Write the value as a string, as the type's input takes it.");
    try {
        // A domain knows its own length.
        const std::int32_t typmod = base == type ? column.typmod : -1;
        return pg::param(type, input_value(type, typmod, document ? value.json : value.text.value_or("")));
    } catch (const pg::Error &error) {
        // PostgreSQL's own words would repeat the value.
        if (ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_DATA_EXCEPTION)
            throw;
        pg::raise(error.sqlstate(), "value does not fit column " + at,
                  "The column is of type " + pg::type_name(type, column.typmod) + ".");
    }
}

} // namespace gdpr::rights
