// gdpr.find(identifier): who is known by an e-mail address, a tax number, whatever is labelled identifier.
#include "rights/find.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "rights/identifier.hpp"
#include "rights/person.hpp"
#include "subject/normalised.hpp"
#include "subject/owner.hpp"

namespace gdpr::rights {

namespace {

/// The people found: table's name, key and matched column, in the order of the answer, with the table.
using Matches = std::map<std::array<std::string, 3>, Oid>;

bool is_text(Oid type) { return type == TEXTOID || type == VARCHAROID || type == BPCHAROID; }

/// The identifier as a value that the column can be compared with; none where its type would not take it.
std::optional<pg::Param> searched(Oid type, const std::string &identifier) {
    if (is_text(type))
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

/// One condition on the rows of a relation, and whose they are.
class Search {
  public:
    Search(Oid relation, const pg::Column &column, std::string shape, Matches &matches)
        : relation_(relation), name_(pg::relation_name(relation)), shape_(std::move(shape)),
          matched_(name_ + "." + pg::quote(column.name)), matches_(matches) {}

    void run(const std::string &condition, const pg::Param &value) const {
        pg::Spi spi;
        pg::Cursor cursor("SELECT " + shape_ + " FROM " + name_ + " AS t WHERE " + condition, {value});
        pg::TemporaryContext scratch("gdpr find");
        for (pg::Rows rows = cursor.fetch(); !rows.empty(); rows = cursor.fetch()) {
            for (std::uint64_t row = 0; row < rows.size(); row++)
                for (const subject::Subject &owner : subject::owners_of(relation_, rows.tuple(row), rows.descriptor()))
                    matches_[{pg::relation_name(owner.table), owner.key, matched_}] = owner.table;
            scratch.reset();
        }
    }

  private:
    Oid relation_;
    std::string name_, shape_, matched_;
    Matches &matches_;
};

/// As it was given, and in its normalised form, which is how most applications store it; in any form where an index has
/// the normalised one.
void search(Oid relation, const pg::Column &column, const std::string &identifier, Matches &matches) {
    const Oid travelling = travelling_type(column.type);
    const Oid type = pg::call([&] { return getBaseType(travelling); });
    const auto equals = equality(type);
    const pg::OwnerScope scope(relation);
    const std::string shape = owner_shape(relation);
    if (!equals || shape.empty())
        return;
    const Search search(relation, column, shape, matches);
    const std::string normalised = is_text(type) ? rights::identifier(identifier).value : "";
    std::set<std::string> spellings{identifier};
    if (!normalised.empty())
        spellings.insert(normalised);
    for (const std::string &spelling : spellings)
        if (const auto value = searched(type, spelling))
            search.run("t." + pg::quote(column.name) + " " + *equals + " $1", *value);
    if (normalised.empty())
        return;
    if (const auto form = subject::indexed_form(relation, column.number)) {
        const std::string text = "gdpr.normalised(t." + pg::quote(column.name) + ")";
        search.run((form->sealed ? "gdpr.sealed(" + text + ")" : text) + " OPERATOR(pg_catalog.=) $1",
                   pg::param(normalised));
    }
}

} // namespace

bool is_indexed(Oid relation, const pg::Column &column) {
    const pg::Relation table(relation, AccessShareLock);
    ListCell *cell;
    foreach (cell, pg::call([&] { return RelationGetIndexList(table.get()); })) {
        const pg::Relation index(lfirst_oid(cell), AccessShareLock);
        const Form_pg_index form = index.get()->rd_index;
        if (form->indisvalid && form->indkey.values[0] == column.number &&
            pg::call([&] { return RelationGetIndexPredicate(index.get()) == NIL; }))
            return true;
    }
    return false;
}

std::vector<subject::Subject> holders(Oid relation, const pg::Column &column, const std::string &identifier) {
    Matches matches;
    search(relation, column, identifier, matches);
    std::vector<subject::Subject> out;
    for (const auto &[match, table] : matches)
        out.push_back({table, match[1]});
    return out;
}

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

GDPR_FUNCTION(gdpr_normalised) { return pg::text_datum(rights::identifier(pg::to_string(PG_GETARG_DATUM(0))).value); }
