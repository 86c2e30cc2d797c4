#include "subject/collect.hpp"

#include "encrypted/type.hpp"
#include "pg/equality.hpp"
#include "pg/pg.hpp"

namespace gdpr::subject {

namespace {

std::string hop_name(const Hop &hop) {
    std::string name = std::to_string(hop.owner) + ">" + std::to_string(hop.owned) + (hop.reversed() ? "!" : "");
    for (std::size_t i = 0; i < hop.edge.child_columns.size(); i++)
        name += "/" + hop.edge.child_columns[i] + "=" + hop.edge.parent_columns[i];
    return name + "?" + hop.edge.when;
}

/// The columns of the owner's rows whose values lead to the owned ones, and the columns of those.
const std::vector<std::string> &owner_side(const Hop &hop) {
    return hop.reversed() ? hop.edge.child_columns : hop.edge.parent_columns;
}
const std::vector<std::string> &owned_side(const Hop &hop) {
    return hop.reversed() ? hop.edge.parent_columns : hop.edge.child_columns;
}

/// The type that a key travels as: the column's own, or the plain one where that is encrypted.
Oid key_type(Oid relation, const std::string &column) {
    return pg::call([&] { return encrypted::plain_form(get_atttype(relation, get_attnum(relation, column.c_str()))); });
}

Oid array_type(Oid type) {
    const Oid array = pg::call([&] { return get_array_type(type); });
    if (!OidIsValid(array))
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "keys of type " + pg::type_name(type) + " cannot be followed",
                  "The type has no array type.");
    return array;
}

/// A key column of the owner's rows, as it travels.
std::string carried(const Hop &hop, std::size_t i) {
    const std::string &column = owner_side(hop)[i];
    return "t." + pg::quote(column) + "::" + pg::type_name(key_type(hop.owner, column));
}

/// Does the hop carry from this row of the owner at all?
std::string carries(const Hop &hop) {
    std::string text;
    for (const std::string &column : owner_side(hop))
        text += (text.empty() ? "t." : " AND t.") + pg::quote(column) + " IS NOT NULL";
    return hop.reversed() && !hop.edge.when.empty() ? text + " AND (" + hop.edge.when + ")" : text;
}

/// How a column of the owned relation's rows is compared with what travels.
std::string compared(const Hop &hop, std::size_t i) {
    const Oid type = key_type(hop.owner, owner_side(hop)[i]);
    const Oid column =
        pg::call([&] { return get_atttype(hop.owned, get_attnum(hop.owned, owned_side(hop)[i].c_str())); });
    return pg::equals(column, type);
}

/// The condition on the owned relation's rows, its parameters from number `next` on. A row comparison among others that
/// are OR-ed reaches no index; so what it implies for the columns in `narrow` is said with it.
std::string condition_of(const Hop &hop, std::size_t next, const std::vector<std::size_t> &narrow) {
    const std::vector<std::string> &columns = owned_side(hop);
    std::string text;
    if (columns.size() == 1)
        text = "t." + pg::quote(columns[0]) + " " + compared(hop, 0) + " ANY ($" + std::to_string(next) + ")";
    else {
        bool plain = true;
        std::string pairs;
        std::string row, values, names;
        for (std::size_t i = 0; i < columns.size(); i++) {
            const std::string comma = i == 0 ? "" : ", ", name = "k" + std::to_string(i);
            row += comma + "t." + pg::quote(columns[i]);
            values += comma + "$" + std::to_string(next + i);
            names += comma + name;
            const std::string equals = compared(hop, i);
            plain = plain && equals == "=";
            pairs += (i == 0 ? "t." : " AND t.") + pg::quote(columns[i]) + " " + equals + " k." + name;
        }
        const std::string keys = "unnest(" + values + ") AS k(" + names + ")";
        text = plain ? "(" + row + ") IN (SELECT " + names + " FROM " + keys + ")"
                     : "EXISTS (SELECT FROM " + keys + " WHERE " + pairs + ")";
        for (const std::size_t i : narrow)
            text +=
                " AND t." + pg::quote(columns[i]) + " " + compared(hop, i) + " ANY ($" + std::to_string(next + i) + ")";
    }
    return hop.reversed() || hop.edge.when.empty() ? text : text + " AND (" + hop.edge.when + ")";
}

/// Each once, in the order of the subjects.
std::vector<unsigned> tables_of(const std::vector<Subject> &subjects) {
    std::vector<unsigned> tables;
    for (const Subject &each : subjects)
        if (std::find(tables.begin(), tables.end(), each.table) == tables.end())
            tables.push_back(each.table);
    return tables;
}

} // namespace

Collection::Collection(std::vector<Subject> subjects, bool locking)
    : subjects_(std::move(subjects)), walk_(decided_walk(tables_of(subjects_))), locking_(locking) {
    // Accessed rows hang on owned ones and have nothing below them.
    std::map<unsigned, std::size_t> owned;
    for (std::size_t i = 0; i < walk_.steps.size(); i++) {
        if (walk_.steps[i].kind != Step::Kind::accessed)
            owned[walk_.steps[i].node] = i;
        for (const Hop &hop : walk_.steps[i].hops)
            if (!keys_.contains(hop_name(hop))) {
                Keys empty;
                for (const std::string &column : owner_side(hop))
                    empty.push_back(pg::null_param(array_type(key_type(hop.owner, column))));
                keys_.emplace(hop_name(hop), std::move(empty));
            }
    }
    for (const Step &step : walk_.steps)
        for (const Hop &hop : step.hops)
            carried_[owned.at(hop.owner)].push_back(hop);
    std::size_t first = 0;
    for (; first < walk_.steps.size() && walk_.steps[first].kind == Step::Kind::subject; first++)
        select_subject(walk_.steps[first]);
    while (first < walk_.steps.size()) {
        std::size_t last = first + 1;
        while (last < walk_.steps.size() && walk_.steps[last].group == walk_.steps[first].group)
            last++;
        select_group(first, last);
        first = last;
    }
}

void Collection::select_subject(const Step &step) {
    Selection root;
    root.step = step;
    const std::vector<pg::Column> key = pg::primary_key(step.node);
    bool several = false;
    for (const Subject &each : subjects_) {
        if (each.table != step.node)
            continue;
        const std::vector<Datum> values = key_values(each);
        several = !root.params.empty();
        root.condition += several ? " OR " : "";
        for (std::size_t i = 0; i < key.size(); i++) {
            root.params.push_back(pg::param(key_type(each.table, key[i].name), values[i]));
            root.condition += (i > 0 ? " AND t." : "t.") + pg::quote(key[i].name) + " " + pg::equals(key[i].type) +
                              " $" + std::to_string(root.params.size());
        }
    }
    if (several)
        root.condition = "(" + root.condition + ")";
    selections_.push_back(std::move(root));
    read_keys(selections_.back());
    // Somebody deleted the row, and what no foreign key held to it was left: the person's key leads there still.
    if (selections_.size() == 1 && !exists())
        for (const Hop &hop : carried_[0])
            if (std::vector<pg::Param> keys = absent_keys(owner_side(hop)); !keys.empty() && !hop.reversed())
                keys_.at(hop_name(hop)) = std::move(keys);
}

std::vector<pg::Param> Collection::absent_keys(const std::vector<std::string> &columns) const {
    const std::vector<Datum> values = key_values(subject());
    const std::vector<pg::Column> key = pg::primary_key(subject().table);
    std::vector<pg::Param> out;
    for (const std::string &column : columns) {
        const auto place =
            std::find_if(key.begin(), key.end(), [&](const pg::Column &each) { return each.name == column; });
        if (place == key.end())
            return {};
        const Oid type = key_type(subject().table, column);
        Datum value = values[static_cast<std::size_t>(place - key.begin())];
        out.push_back(pg::param(array_type(type), pg::call([&] {
                                    int16 length;
                                    bool by_value;
                                    char align;
                                    get_typlenbyvalalign(type, &length, &by_value, &align);
                                    return PointerGetDatum(construct_array(&value, 1, type, length, by_value, align));
                                })));
    }
    return out;
}

/// A group of one is selected once; a group whose relations own one another, until nothing new is found.
void Collection::select_group(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; i++)
        selections_.push_back(Selection{walk_.steps[i], "", {}, {}, 0});
    bool grew = true;
    while (grew) {
        grew = false;
        for (std::size_t i = first; i < last; i++) {
            const std::uint64_t before = selections_[i].rows;
            selections_[i] = select(walk_.steps[i]);
            read_keys(selections_[i]);
            grew = grew || (walk_.steps[i].recursive && selections_[i].rows != before);
        }
    }
}

Selection Collection::select(const Step &step) const {
    Selection selection;
    selection.step = step;
    for (const Hop &hop : step.hops) {
        const auto narrow = narrow_.find(hop_name(hop));
        const std::string condition = condition_of(
            hop, selection.params.size() + 1,
            narrow == narrow_.end() || step.hops.size() == 1 ? std::vector<std::size_t>{} : narrow->second);
        selection.hop_conditions.push_back(condition);
        selection.condition += (selection.condition.empty() ? "(" : " OR (") + condition + ")";
        const Keys &keys = keys_.at(hop_name(hop));
        selection.params.insert(selection.params.end(), keys.begin(), keys.end());
    }
    selection.condition = "(" + selection.condition + ")";
    return selection;
}

/// An index is searched for every combination of what the columns may be: all columns where these are not many more
/// than there are keys, else the one that tells most.
std::vector<std::size_t> Collection::narrowing(const pg::Rows &found, int columns) {
    double combinations = 1;
    std::vector<std::size_t> all;
    std::size_t most = 0;
    const auto distinct = [&](std::size_t column) { return found.number(0, columns + 2 + static_cast<int>(column)); };
    for (std::size_t i = 0; i < static_cast<std::size_t>(columns); i++) {
        all.push_back(i);
        combinations *= static_cast<double>(distinct(i));
        if (distinct(i) > distinct(most))
            most = i;
    }
    return combinations <= 4.0 * static_cast<double>(found.number(0, columns + 1)) + 100
               ? all
               : std::vector<std::size_t>{most};
}

/// Counts the rows and takes along, in the same query, the keys that later steps need.
void Collection::read_keys(Selection &selection) {
    const std::size_t place = static_cast<std::size_t>(&selection - selections_.data());
    const auto needed = carried_.find(place);
    std::string columns = "count(*)";
    std::vector<std::string> single;
    std::vector<Hop> composite;
    if (needed != carried_.end())
        for (const Hop &hop : needed->second) {
            if (owner_side(hop).size() > 1) {
                composite.push_back(hop);
                continue;
            }
            columns += ", array_agg(DISTINCT " + carried(hop, 0) + ") FILTER (WHERE " + carries(hop) + ")";
            single.push_back(hop_name(hop));
        }
    const Oid relation = selection.step.node;
    const std::string name = pg::relation_name(relation), where = " AS t WHERE " + selection.condition,
                      from = " FROM " + name + where;
    const pg::OwnerScope scope(relation);
    pg::Spi spi;
    const auto keep = [&](const pg::Rows &rows, int column, pg::Param &param) {
        const auto found = rows.datum(0, column);
        param.null = !found;
        if (found)
            param.value = spi.keep(*found, param.type);
    };
    const pg::Rows rows = spi.run_again("SELECT " + columns +
                                            (locking_ && selection.step.kind != Step::Kind::accessed
                                                 ? " FROM (SELECT * FROM " + name + where + " FOR UPDATE) AS t"
                                                 : from),
                                        selection.params);
    selection.rows = static_cast<std::uint64_t>(rows.number(0, 1));
    for (std::size_t i = 0; i < single.size(); i++)
        keep(rows, static_cast<int>(i + 2), keys_.at(single[i]).front());
    for (const Hop &hop : composite) {
        std::string arrays, values, distinct = "count(*)";
        for (std::size_t i = 0; i < owner_side(hop).size(); i++) {
            const std::string comma = i == 0 ? "" : ", ", part = "k" + std::to_string(i);
            arrays += "array_agg(" + part + "), ";
            distinct += ", count(DISTINCT " + part + ")";
            values += comma + carried(hop, i) + " AS " + part;
        }
        const pg::Rows found = spi.run_again("SELECT " + arrays + distinct + " FROM (SELECT DISTINCT " + values + from +
                                                 " AND " + carries(hop) + ") AS d",
                                             selection.params);
        for (std::size_t i = 0; i < owner_side(hop).size(); i++)
            keep(found, static_cast<int>(i + 1), keys_.at(hop_name(hop))[i]);
        narrow_[hop_name(hop)] = narrowing(found, static_cast<int>(owner_side(hop).size()));
    }
}

} // namespace gdpr::subject
