// gdpr.find(identifier): who is known by an e-mail address, a tax number, whatever is labelled identifier.
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "rights/person.hpp"
#include "subject/owner.hpp"

namespace gdpr::rights {

namespace {

/// The people found: table's name, key and matched column, in the order of the answer, with the table.
using Matches = std::map<std::array<std::string, 3>, Oid>;

/// The identifier as a value that the column can be compared with; none where its type would not take it.
std::optional<pg::Param> searched(Oid type, const std::string &identifier) {
    if (type == TEXTOID || type == VARCHAROID || type == BPCHAROID)
        return pg::Param{type, pg::text_datum(identifier), false};
    Datum value = 0;
    if (!pg::attempt(ERRCODE_DATA_EXCEPTION, [&] { value = input_value(type, -1, identifier); }))
        return std::nullopt;
    return pg::Param{type, value, false};
}

/// The columns of a row that tell its owners, in their places; the others are not read.
std::string owner_shape(Oid relation) {
    std::map<AttrNumber, std::string> names;
    for (const pg::Column &column : pg::columns_of(relation))
        names[column.number] = "t." + pg::quote(column.name);
    std::string list;
    AttrNumber next = 1;
    for (const AttrNumber number : subject::owner_columns(relation)) {
        for (; next < number; next++)
            list += "NULL, ";
        list += names.at(number) + ", ";
        next++;
    }
    list.resize(list.size() - std::min<std::size_t>(list.size(), 2));
    return list;
}

void search(Oid relation, const pg::Column &column, const std::string &identifier, Matches &matches) {
    const Oid travelling = travelling_type(column.type);
    const Oid type = pg::call([&] { return getBaseType(travelling); });
    const auto equals = equality(type);
    const std::string name = pg::relation_name(relation);
    const pg::OwnerScope scope(relation);
    const std::string shape = owner_shape(relation);
    if (!equals || shape.empty())
        return;
    const auto value = searched(type, identifier);
    if (!value)
        return;
    pg::Spi spi;
    pg::Cursor cursor("SELECT " + shape + " FROM " + name + " AS t WHERE t." + pg::quote(column.name) + " " + *equals +
                          " $1",
                      {*value});
    pg::TemporaryContext scratch("gdpr find");
    for (pg::Rows rows = cursor.fetch(); !rows.empty(); rows = cursor.fetch()) {
        for (std::uint64_t row = 0; row < rows.size(); row++)
            for (const subject::Subject &owner : subject::owners_of(relation, rows.tuple(row), rows.descriptor()))
                matches[{pg::relation_name(owner.table), owner.key, name + "." + pg::quote(column.name)}] = owner.table;
        scratch.reset();
    }
}

} // namespace

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_find) {
    pg::require_role("gdpr_officer", "find people");
    pg::ResultSet result(fcinfo);
    const std::string identifier = pg::to_string(PG_GETARG_DATUM(0));
    rights::Matches matches;
    for (const subject::Node &node : subject::nodes()) {
        const label::Labels labels = label::of(node.id);
        for (const pg::Column &column : pg::columns_of(node.id))
            if (const label::ColumnLabel *label = labels.column(column.number); label != nullptr && label->identifier)
                rights::search(node.id, column, identifier, matches);
    }
    for (const auto &[match, table] : matches)
        result.add({pg::param_oid(table), pg::param(match[1]), pg::param(match[2])});
    PG_RETURN_NULL();
}
