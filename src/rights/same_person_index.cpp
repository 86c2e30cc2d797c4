// The indexes by which rows of one person are found: planned and applied like triggers.
#include "label/label.hpp"
#include "pg/pg.hpp"
#include "rights/person.hpp"
#include "rights/rights.hpp"
#include "subject/normalised.hpp"

namespace gdpr::rights {

namespace {

constexpr std::string_view suffix = "_same_person"; // of the names of indexes that we make

bool ours(Oid index) {
    const std::string name = pg::call([&] { return get_rel_name(index); });
    const std::size_t end = name.find_last_not_of("0123456789") + 1; // a number, where the name was taken
    return std::string_view(name).substr(0, end).ends_with(suffix);
}

std::string fresh_name(Oid relation, const std::string &column) {
    return pg::call([&] {
        return ChooseRelationName(get_rel_name(relation), column.c_str(), suffix.data() + 1,
                                  get_rel_namespace(relation), false);
    });
}

bool is_encrypted(Oid relation, AttrNumber column) {
    const Oid type = pg::call([&] { return get_atttype(relation, column); });
    return travelling_type(type) != type;
}

void plan_index(Oid relation, const label::LabelledColumn &column, apply::Actions &actions) {
    const std::string name = pg::relation_name(relation), at = name + "." + pg::quote(column.name);
    const auto refuse = [&](const char *why, const char *hint) {
        actions.push_back({relation, "decide on same_person", "-- take same_person off column " + at});
        actions.back().obstacle = {"column " + at + " is labelled same_person and cannot tell that rows are one person",
                                   why, hint};
    };
    if (!subject::is_subject(relation))
        return refuse("Only rows of subject tables are people.", "Take the word off, or label the table subject.");
    const bool encrypted = column.label.encryption != label::ColumnLabel::Encryption::none;
    if (!subject::tells_same_person(relation, column.number))
        return refuse("How its values are written depends on the session, so no index can have them.",
                      "Take the word off, or keep the value as text.");
    // Its type first.
    if (encrypted != is_encrypted(relation, column.number) || subject::indexed_form(relation, column.number))
        return;
    const std::string form = subject::normalised_form(relation, column.name, "");
    actions.push_back({relation, "create index of same_person",
                       "CREATE INDEX " + pg::quote(fresh_name(relation, column.name)) + " ON " + name + " (" +
                           (encrypted ? "gdpr.sealed(" + form + ")" : form) + ")"});
}

/// Drops what a label no longer asks for; true where one holds plaintext of a column that its label says is encrypted.
bool plan_drops(Oid relation, const label::Labels &labels, apply::Actions &actions) {
    bool plaintext = false;
    for (const subject::IndexedForm &each : subject::indexed_forms(relation)) {
        const label::ColumnLabel *label = labels.column(each.column);
        const bool wanted = label != nullptr && label->same_person && subject::is_subject(relation);
        const bool reveals =
            label != nullptr && label->encryption != label::ColumnLabel::Encryption::none && !each.sealed;
        if (!ours(each.index) || (wanted && !reveals))
            continue;
        actions.push_back({relation, "drop index of same_person", "DROP INDEX " + pg::relation_name(each.index)});
        plaintext = plaintext || reveals;
    }
    return plaintext;
}

} // namespace

bool plan_same_person(Oid relation, apply::Actions &actions) {
    if (const Oid labelled = label::of(relation).labelled; OidIsValid(labelled) && labelled != relation)
        return false; // planned with the table it inherits from
    bool plaintext = false;
    // Partitions have the index of their table, children that inherit have not.
    List *heirs = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    ListCell *cell;
    foreach (cell, heirs) {
        const Oid each = lfirst_oid(cell);
        if (each != relation && pg::call([&] { return get_rel_relispartition(each); }))
            continue;
        const label::Labels labels = label::of(each);
        const bool drops = plan_drops(each, labels, actions);
        plaintext = plaintext || drops;
        for (const label::LabelledColumn &column : labels.columns)
            if (column.label.same_person && !drops)
                plan_index(each, column, actions);
    }
    return plaintext;
}

} // namespace gdpr::rights
