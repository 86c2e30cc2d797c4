#include "rights/rows.hpp"

#include "encrypted/literal.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "rights/person.hpp"
#include "subject/owner.hpp"

namespace gdpr::rights {

namespace {

/// The columns of a hop's key that are in the owned relation.
const std::vector<std::string> &owned_columns(const subject::Hop &hop) {
    return hop.reversed() ? hop.edge.parent_columns : hop.edge.child_columns;
}

/// The columns of the keys by which people of any kind access the relation's rows.
std::set<std::string> accessing_columns(Oid relation) {
    std::set<std::string> columns;
    for (const subject::Node &node : subject::nodes())
        if (node.subject)
            for (const subject::Step &step : subject::graph().walk(node.id).steps)
                if (step.node == relation && step.kind == subject::Step::Kind::accessed)
                    for (const subject::Hop &hop : step.hops)
                        columns.insert(hop.edge.child_columns.begin(), hop.edge.child_columns.end());
    return columns;
}

/// An order of rows that no key tells apart: by every column that has one, so that encrypted values are sorted as they
/// are stored; by its text where a type has none, but an encrypted type.
std::string order_without_key(Oid relation) {
    std::string order;
    for (const pg::Column &column : pg::columns_of(relation)) {
        const bool sortable =
            pg::call([&] { return OidIsValid(lookup_type_cache(column.type, TYPECACHE_LT_OPR)->lt_opr); });
        if (!sortable && travelling_type(column.type) != column.type)
            continue;
        order += (order.empty() ? "t." : ", t.") + pg::quote(column.name) + (sortable ? "" : "::pg_catalog.text");
    }
    return order.empty() ? "t.ctid" : order;
}

/// Is it a type of words, documents or bytes, whatever it holds?
bool may_tell_of_people(Oid type) {
    return pg::call([&] {
        const Oid base = getBaseType(travelling_type(type));
        const Oid element = get_base_element_type(base);
        const Oid single = OidIsValid(element) ? element : base;
        const char category = TypeCategory(single);
        return category == TYPCATEGORY_STRING || category == TYPCATEGORY_COMPOSITE || single == BYTEAOID ||
               single == JSONOID || single == JSONBOID || single == XMLOID;
    });
}

} // namespace

Rows::Rows(const subject::Collection &collection, const subject::Selection &selection, Form form,
           const std::set<std::string> &omitted)
    : collection_(collection), selection_(selection), relation_(selection.step.node), form_(form),
      mixed_(selection.step.shared || selection.step.kind == subject::Step::Kind::accessed) {
    if (mixed_)
        find_ways();
    find_columns(omitted);
}

void Rows::find_ways() {
    for (std::size_t i = 0; i < selection_.step.hops.size(); i++)
        ways_.push_back({selection_.hop_conditions.at(i), owned_columns(selection_.step.hops[i])});
    owner_columns_ = subject::owner_columns(relation_);
    for (const AttrNumber number : owner_columns_)
        shape_ = std::max(shape_, number);
}

void Rows::find_columns(const std::set<std::string> &omitted) {
    const label::Labels labels = label::of(relation_);
    std::set<std::string> owning, accessing = accessing_columns(relation_);
    // Where the key is in the owner's row, what is in ours is the row's own name.
    for (const subject::Hop &hop : subject::graph().owners(relation_))
        if (!hop.reversed())
            owning.insert(hop.edge.child_columns.begin(), hop.edge.child_columns.end());
    for (const pg::Column &column : pg::columns_of(relation_)) {
        if (omitted.contains(column.name))
            continue;
        const label::ColumnLabel *label = labels.column(column.number);
        const bool labelled =
            label != nullptr && (label->data_class != label::ColumnLabel::Class::none || label->identifier);
        const bool accesses = accessing.contains(column.name) && !owning.contains(column.name);
        Shown shown{column};
        shown.others_row = labelled || accesses || owning.contains(column.name);
        shown.words = !shown.others_row && may_tell_of_people(column.type);
        shown.any_row = labelled && accesses && selection_.step.kind != subject::Step::Kind::accessed;
        shown_.push_back(shown);
        names_.push_back(column.name);
    }
}

/// A value on its way out; encrypted ones leave as their plain type.
std::string Rows::expression(const pg::Column &column, const std::string &name) const {
    const Oid type = travelling_type(column.type);
    const std::string value = type == column.type ? name : name + "::" + pg::type_name(type);
    return form_ == Form::json ? "pg_catalog.to_json(" + value + ")" : value;
}

/// Sorts the stored values, so that encrypted ones are ciphertext in a sort that spills, and decrypts what comes out.
std::string Rows::statement() const {
    std::string inner, names, shape, ways, values, order;
    const auto add = [](std::string &list, const std::string &item) { list += (list.empty() ? "" : ", ") + item; };
    std::map<AttrNumber, std::string> places;
    for (const pg::Column &column : pg::columns_of(relation_)) {
        places[column.number] = "s.c" + std::to_string(column.number);
        add(inner, "t." + pg::quote(column.name));
        add(names, "c" + std::to_string(column.number));
    }
    for (std::size_t i = 0; i < ways_.size(); i++) {
        add(inner, "(" + ways_[i].condition + ")");
        add(names, "w" + std::to_string(i));
        add(ways, "s.w" + std::to_string(i));
    }
    for (AttrNumber number = 1; number <= shape_; number++) {
        const bool needed = std::find(owner_columns_.begin(), owner_columns_.end(), number) != owner_columns_.end();
        add(shape, needed ? places.at(number) : "NULL");
    }
    for (const Shown &each : shown_)
        add(values, expression(each.column, places.at(each.column.number)));
    for (const pg::Column &column : pg::primary_key(relation_))
        add(order, "t." + pg::quote(column.name));
    if (order.empty())
        order = order_without_key(relation_);
    std::string list;
    for (const std::string *part : {&shape, &ways, &values})
        if (!part->empty())
            add(list, *part);
    return "SELECT " + list + " FROM (SELECT " + inner + " FROM " + pg::relation_name(relation_) + " AS t WHERE " +
           selection_.condition + " ORDER BY " + order + ") AS s(" + names + ")";
}

/// Has someone else a part in the row? `own` tells whether this person is among its owners.
bool Rows::shared(HeapTuple tuple, TupleDesc descriptor, bool &own) const {
    const std::vector<subject::Subject> owners = subject::owners_of(relation_, tuple, descriptor),
                                        &person = collection_.subjects();
    const auto mine = std::count_if(owners.begin(), owners.end(), [&](const subject::Subject &each) {
        return std::find(person.begin(), person.end(), each) != person.end();
    });
    own = mine > 0;
    return selection_.step.kind == subject::Step::Kind::accessed || std::cmp_greater(owners.size(), mine);
}

/// The columns of the keys by which this row leads to this person.
std::set<std::string> Rows::kept(const pg::Rows &rows, std::uint64_t row) const {
    std::set<std::string> columns;
    for (std::size_t i = 0; i < ways_.size(); i++)
        if (rows.boolean(row, shape_ + static_cast<int>(i) + 1))
            columns.insert(ways_[i].columns.begin(), ways_[i].columns.end());
    return columns;
}

std::uint64_t Rows::each(const std::function<void(const Cells &)> &visit) {
    const std::string sql = statement();
    const int first = shape_ + static_cast<int>(ways_.size()) + 1;
    const pg::OwnerScope scope(relation_);
    const encrypted::PlainOutput plain;
    const pg::PinnedFormats formats;
    pg::Spi spi;
    pg::Cursor cursor(sql, selection_.params);
    pg::TemporaryContext scratch("gdpr rows");
    std::uint64_t count = 0;
    Cells values(shown_.size());
    for (;;) {
        const pg::Rows rows = cursor.fetch();
        if (rows.empty())
            return count;
        for (std::uint64_t row = 0; row < rows.size(); row++) {
            scratch.reset();
            bool own = false;
            const bool others = mixed_ && shared(rows.tuple(row), rows.descriptor(), own);
            // What is both owned and accessed is told once, as owned.
            if (own && selection_.step.kind == subject::Step::Kind::accessed)
                continue;
            const std::set<std::string> keys = others ? kept(rows, row) : std::set<std::string>{};
            for (std::size_t i = 0; i < shown_.size(); i++) {
                Shown &each = shown_[i];
                values[i] = rows.text(row, first + static_cast<int>(i));
                if (values[i] && (each.any_row || (others && each.others_row)) && !keys.contains(each.column.name)) {
                    values[i] = std::nullopt;
                    each.withheld = true;
                }
                each.unchecked = each.unchecked || (values[i] && others && each.words);
            }
            visit(values);
            count++;
        }
    }
}

std::vector<std::string> Rows::withheld() const { return names_where(&Shown::withheld); }

std::vector<std::string> Rows::unchecked() const { return names_where(&Shown::unchecked); }

std::vector<std::string> Rows::names_where(bool Shown::*mark) const {
    std::vector<std::string> names;
    for (const Shown &each : shown_)
        if (each.*mark)
            names.push_back(each.column.name);
    return names;
}

} // namespace gdpr::rights
