#include "restrict/shortcut.hpp"

#include "pg/pg.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

#include <charconv>

namespace gdpr::restriction {

namespace {

/// The column that holds the key of the person a path leads to, where the row itself has it.
std::optional<std::string> key_column(const subject::Path &path) {
    const std::vector<pg::Column> key = pg::primary_key(path.subject);
    if (key.size() != 1)
        return std::nullopt;
    if (path.hops.empty())
        return key.front().name;
    const subject::Edge &edge = path.hops.front().edge;
    if (path.hops.size() > 1 || path.recursive || path.hops.front().reversed() || !edge.when.empty() ||
        edge.parent_columns != std::vector{key.front().name})
        return std::nullopt;
    return edge.child_columns.front();
}

bool is_integer(Oid type) { return type == INT2OID || type == INT4OID || type == INT8OID; }

/// Are two keys the same person exactly when their columns' bytes say so?
bool comparable(Oid column, Oid key) {
    return is_integer(column) ? is_integer(key)
                              : column == key && (column == UUIDOID || column == TEXTOID || column == VARCHAROID);
}

std::string uuid_bytes(const std::string &key) {
    const Datum uuid = pg::call([&] { return DirectFunctionCall1(uuid_in, CStringGetDatum(key.c_str())); });
    return {DatumGetPointer(uuid), UUID_LEN};
}

} // namespace

bool Shortcut::fill(Way &way, Oid subject_table) {
    const auto keys = keys_of(subject_table);
    if (!keys)
        return false;
    for (const std::string &key : *keys) {
        if (!way.integers()) {
            way.texts.push_back(way.type == UUIDOID ? uuid_bytes(key) : key);
            continue;
        }
        std::int64_t number = 0;
        const char *end = key.data() + key.size();
        if (std::from_chars(key.data(), end, number).ptr != end)
            return false;
        way.numbers.push_back(number);
    }
    std::sort(way.numbers.begin(), way.numbers.end());
    std::sort(way.texts.begin(), way.texts.end());
    return true;
}

std::optional<Shortcut> Shortcut::find(::Relation relation, const std::vector<AttrNumber> &columns) {
    Shortcut shortcut;
    const Oid node = subject::node_of(RelationGetRelid(relation));
    for (const subject::Path &path : subject::graph().paths_to_subjects(node)) {
        const auto name = key_column(path);
        if (!name)
            return std::nullopt;
        const AttrNumber number = pg::call([&] { return get_attnum(RelationGetRelid(relation), name->c_str()); });
        const auto column = std::find(columns.begin(), columns.end(), number);
        if (column == columns.end())
            return std::nullopt;
        const Oid type = TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid;
        Way way{static_cast<std::size_t>(column - columns.begin()) + 1, type, {}, {}};
        if (!comparable(type, pg::primary_key(path.subject).front().type) || !fill(way, path.subject))
            return std::nullopt;
        shortcut.ways_.push_back(std::move(way));
    }
    return shortcut;
}

} // namespace gdpr::restriction
