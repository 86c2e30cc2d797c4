#include "retention/due.hpp"

#include "label/label.hpp"
#include "pg/pg.hpp"
#include "restrict/policy.hpp"
#include "restrict/set.hpp"
#include "subject/owner.hpp"

namespace gdpr::retention {

namespace {

std::string interval(const std::string &text) { return pg::quote_literal(text) + "::pg_catalog.interval"; }

/// The longest of the retentions of the table's purposes; nothing where one of them has none, or is not known: then the
/// rows stay.
std::optional<std::string> longest_retention(const std::vector<std::string> &purposes) {
    if (purposes.empty())
        return std::nullopt;
    std::string names;
    for (const std::string &each : purposes)
        names += (names.empty() ? "" : ", ") + pg::quote_literal(each);
    const pg::OwnerScope scope(pg::gdpr_relation("purpose"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT pg_catalog.max(retention)::pg_catalog.text, pg_catalog.count(retention)"
                                  "  FROM gdpr.purpose WHERE name IN (" +
                                      names + ")",
                                  {}, true);
    if (rows.number(0, 2) != static_cast<std::int64_t>(purposes.size()))
        return std::nullopt;
    return rows.text_or(0, 1);
}

/// Due when the column is past, a date when its day is over; or so long after it.
void fill_due(Term &term, Oid type, const std::optional<std::string> &after) {
    const std::string value = "t." + pg::quote(term.column) + "::" + pg::type_name(type);
    const std::string now = type == TIMESTAMPOID ? "LOCALTIMESTAMP" : "pg_catalog.now()";
    if (after) {
        term.due = "(" + value + " + " + interval(*after) + ") <= " + (type == TIMESTAMPTZOID ? now : "LOCALTIMESTAMP");
        // Months differ in length: the bound is some days wider.
        term.bound = "t." + pg::quote(term.column) + " <= (" + now + " - " + interval(*after) + " + " +
                     interval("4 days") + ")" + (type == DATEOID ? "::pg_catalog.date" : "");
    } else {
        term.due = type == DATEOID ? value + " < CURRENT_DATE" : value + " <= " + now;
        term.bound = "t." + pg::quote(term.column) + (type == DATEOID ? " < CURRENT_DATE" : " <= " + now);
    }
}

std::optional<Term> term_of(Oid relation) {
    const label::Labels labels = label::of(relation);
    if (!labels.table || !labels.table->expires)
        return std::nullopt;
    Term term;
    term.relation = relation;
    term.column = *labels.table->expires;
    term.subject = labels.table->subject;
    const std::string name = pg::relation_name(relation);
    if (pg::call([&] { return get_attnum(relation, term.column.c_str()); }) == InvalidAttrNumber)
        pg::raise(ERRCODE_UNDEFINED_COLUMN, "column " + pg::quote(term.column) + " of " + name + " does not exist",
                  "The table's label names it in expires(…).", "Correct the label.");
    const Oid type = rights::travelling_type(relation, term.column);
    if (type != DATEOID && type != TIMESTAMPOID && type != TIMESTAMPTZOID)
        pg::raise(ERRCODE_DATATYPE_MISMATCH, "column " + pg::quote(term.column) + " of " + name + " is no date or time",
                  "The table's label names it in expires(…).", "Name a column of type date, timestamp or timestamptz.");
    std::optional<std::string> after;
    if (labels.table->expires_after == "retention") {
        after = longest_retention(labels.table->purposes);
        if (!after)
            return std::nullopt;
    } else if (!labels.table->expires_after.empty())
        after = labels.table->expires_after;
    fill_due(term, type, after);
    if (const std::string keep = kept(relation); keep != "false")
        term.due += " AND " + rights::not_true(keep);
    if (!term.subject && labels.table->erase == label::TableLabel::Erase::anonymize) {
        term.blanks = rights::blanks(relation, labels);
        if (term.blanks.empty())
            return std::nullopt; // nothing of it is personal
        term.due += " AND (" + rights::undone(term.blanks) + ")";
    }
    return term;
}

} // namespace

std::vector<Term> terms() {
    std::vector<Term> out;
    for (const Oid relation : label::labelled_relations())
        if (std::optional<Term> term = term_of(relation))
            out.push_back(std::move(*term));
    return out;
}

std::vector<Oid> leaves_of(Oid relation) {
    std::vector<Oid> out;
    const List *all = pg::call([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
    const ListCell *cell;
    foreach (cell, all)
        if (pg::call([&] { return get_rel_relkind(lfirst_oid(cell)); }) == RELKIND_RELATION)
            out.push_back(lfirst_oid(cell));
    return out;
}

std::string kept(Oid relation) {
    const label::Labels labels = label::of(relation);
    if (!labels.table || !labels.table->keep)
        return "false";
    const label::Keep &keep = *labels.table->keep;
    const Oid type = rights::travelling_type(relation, keep.column);
    return "(t." + pg::quote(keep.column) + "::" + pg::type_name(type) + " + " + interval(keep.interval) +
           ") > pg_catalog.now()";
}

std::string unrestricted(Oid relation) {
    (void)restriction::refresh_now();
    if (!restriction::anyone() || !OidIsValid(subject::node_of(relation)) || subject::owner_columns(relation).empty())
        return "true";
    return restriction::predicate(relation);
}

bool indexed(Oid relation, const std::string &column) {
    pg::Spi spi;
    return spi
        .run("SELECT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
             "  JOIN pg_catalog.pg_am a ON a.oid = c.relam JOIN pg_catalog.pg_attribute t"
             "    ON t.attrelid = i.indrelid AND t.attnum = i.indkey[0]"
             " WHERE i.indrelid = $1 AND t.attname = $2 AND a.amname = 'btree' AND i.indpred IS NULL"
             "   AND i.indisvalid AND i.indisready)",
             {pg::param(OIDOID, ObjectIdGetDatum(relation)), pg::param(column)})
        .boolean(0, 1);
}

} // namespace gdpr::retention
