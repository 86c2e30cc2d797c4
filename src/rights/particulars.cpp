#include "rights/particulars.hpp"

#include "label/label.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

/// The rights that a person is to be told of (Art. 15(1)(e) and (f), 7(3), 20, 22).
constexpr std::pair<const char *, const char *> rights_of_everyone[] = {
    {"7(3)", "to withdraw consent at any time"},
    {"16", "to have inaccurate data rectified and incomplete data completed"},
    {"17", "to have data erased"},
    {"18", "to have processing restricted"},
    {"20", "to receive the data one provided, and to have them transmitted"},
    {"21", "to object to processing"},
    {"22", "not to be subject to solely automated decisions"},
    {"77", "to lodge a complaint with a supervisory authority"}};

std::string rights() {
    std::vector<std::string> list;
    for (const auto &[article, right] : rights_of_everyone)
        list.push_back(json_object(Members{{"article", json_string(article)}, {"right", json_string(right)}}));
    return json_list(list);
}

/// The first row of a query on the extension's tables.
std::vector<std::string> values(const std::string &sql, int columns, const std::vector<pg::Param> &params) {
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    const pg::PinnedFormats formats;
    pg::Spi spi;
    const pg::Rows rows = spi.run_again(sql, params, true);
    std::vector<std::string> out;
    for (int column = 1; column <= columns; column++)
        out.push_back(rows.empty() ? "null" : rows.text_or(0, column, "null"));
    return out;
}

std::string list(const std::string &query, const std::vector<pg::Param> &params) {
    return values("SELECT coalesce(pg_catalog.json_agg(r), '[]') FROM (" + query + ") AS r", 1, params)[0];
}

/// Labels of the relations that have rows of the person, as JSON.
class Declared {
  public:
    explicit Declared(const subject::Collection &collection) {
        for (const subject::Selection &selection : collection.selections())
            if (selection.rows > 0)
                add(selection.step.node);
        for (const Oid relation : label::labelled_relations())
            note_purposes(relation);
    }

    std::string categories() const { return json_object(categories_); }
    std::string retention() const { return json_object(retention_); }
    /// The columns of the person's data by purpose and relation.
    std::string data() const {
        Members out;
        for (const auto &[purpose, relations] : data_) {
            Members members;
            for (const auto &[relation, columns] : relations)
                members[relation] = json_array(columns);
            out[purpose] = json_object(members);
        }
        return json_object(out);
    }
    /// The purposes that any label of the database names.
    std::string named() const { return json_array(named_); }

  private:
    void add(Oid relation) {
        const label::Labels labels = label::of(relation);
        const std::string name = pg::relation_name(relation);
        std::vector<std::string> personal, sensitive;
        for (const pg::Column &column : pg::columns_of(relation)) {
            const label::ColumnLabel *label = labels.column(column.number);
            if (label != nullptr && label->data_class == label::ColumnLabel::Class::personal)
                personal.push_back(column.name);
            if (label != nullptr && label->data_class == label::ColumnLabel::Class::sensitive)
                sensitive.push_back(column.name);
            if (label != nullptr && !label->purposes.empty())
                for (const std::string &purpose : label->purposes)
                    data_[purpose][name].push_back(column.name);
            else if (labels.table)
                for (const std::string &purpose : labels.table->purposes)
                    data_[purpose][name].push_back(column.name);
        }
        if (!personal.empty() || !sensitive.empty())
            categories_[name] =
                json_object(Members{{"personal", json_array(personal)}, {"sensitive", json_array(sensitive)}});
        add_retention(labels, name);
    }

    void add_retention(const label::Labels &labels, const std::string &name) {
        Members members;
        if (labels.table && labels.table->keep)
            members["keep"] =
                json_object(Members{{"for", json_string(labels.table->keep->interval)},
                                    {"from", json_string(labels.table->keep->column)},
                                    {"ground", json_string(label::to_string(labels.table->keep->ground))}});
        if (labels.table && labels.table->expires)
            members["expires"] = labels.table->expires_after.empty()
                                     ? json_string(*labels.table->expires)
                                     : json_object(Members{{"from", json_string(*labels.table->expires)},
                                                           {"after", json_string(labels.table->expires_after)}});
        if (!members.empty())
            retention_[name] = json_object(members);
    }

    void note_purposes(Oid relation) {
        const label::Labels labels = label::of(relation);
        if (labels.table)
            named_.insert(labels.table->purposes.begin(), labels.table->purposes.end());
        for (const label::LabelledColumn &column : labels.columns)
            named_.insert(column.label.purposes.begin(), column.label.purposes.end());
    }

    Members categories_, retention_;
    std::map<std::string, std::map<std::string, std::vector<std::string>>> data_;
    std::set<std::string> named_;
};

/// A purpose is told where labels give it data of this person, where they consented to it or withdrew, and where no
/// label says which data it has: then it may well have theirs.
constexpr const char *told_purposes =
    "WITH told AS (SELECT p.* FROM gdpr.purpose AS p WHERE $1::pg_catalog.jsonb ? p.name"
    "     OR NOT $2::pg_catalog.jsonb ? p.name OR EXISTS (SELECT FROM gdpr.consent_event AS e"
    "         JOIN pg_catalog.json_to_recordset($3::pg_catalog.json) AS w (t pg_catalog.oid, k pg_catalog.text)"
    "           ON e.subject_table = w.t AND e.key = w.k WHERE e.purpose = p.name))"
    "SELECT (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object("
    "            'name', name, 'description', description, 'basis', basis, 'retention', retention,"
    "            'recipients', recipients, 'transfers', transfers, 'automated_decisions', automated_decisions,"
    "            'data', coalesce($1::pg_catalog.jsonb -> name, '{}')) ORDER BY name), '[]') FROM told),"
    "       (SELECT coalesce(pg_catalog.json_agg(DISTINCT r), '[]') FROM told, pg_catalog.unnest(recipients) AS r),"
    "       (SELECT coalesce(pg_catalog.json_agg(DISTINCT t), '[]') FROM told, pg_catalog.unnest(transfers) AS t),"
    "       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object("
    "            'purpose', name, 'logic', automated_decisions) ORDER BY name), '[]')"
    "          FROM told WHERE automated_decisions IS NOT NULL)";

/// What is recorded of a person under one name, and that name.
Members recorded(const subject::Subject &subject) {
    const std::vector<pg::Param> who{pg::param_oid(subject.table), pg::param(subject.key)};
    const Members name = {{"table", json_string(pg::relation_name(subject.table))}, {"key", json_string(subject.key)}};
    return {{"subject", json_object(name)},
            {"disclosures", list("SELECT d.recipient, d.purpose, d.at FROM gdpr.disclosure AS d"
                                 " WHERE d.subject_table = $1 AND d.key = $2 ORDER BY d.id",
                                 who)},
            {"consents", list("SELECT e.purpose, e.given, e.at, e.evidence::pg_catalog.jsonb AS evidence"
                              "  FROM gdpr.consent_event AS e WHERE e.subject_table = $1 AND e.key = $2 ORDER BY e.id",
                              who)},
            {"source",
             values("SELECT coalesce((SELECT pg_catalog.to_json(r) FROM (SELECT p.kind, p.name, p.address, p.line, p.at"
                    "  FROM gdpr.provenance AS p WHERE p.subject_table = $1 AND p.key = $2"
                    " ORDER BY p.at LIMIT 1) AS r), '{\"kind\": \"before gdpr\"}')",
                    1, who)[0]},
            {"further_sources", list("SELECT h.kind, h.name, h.address, h.line, h.at FROM gdpr.source_history AS h"
                                     " WHERE h.subject_table = $1 AND h.key = $2 AND NOT h.first ORDER BY h.at",
                                     who)},
            {"notices", list("SELECT n.article, n.document, n.channel, n.exemption, n.at FROM gdpr.notice AS n"
                             " WHERE n.subject_table = $1 AND n.key = $2 ORDER BY n.id",
                             who)},
            {"bases",
             list("SELECT b.purpose, b.scope, b.basis, b.at FROM gdpr.basis AS b"
                  " WHERE b.subject_table = $1 AND (b.key = $2 OR b.scope = 'relation') ORDER BY b.purpose, b.scope",
                  who)},
            {"restrictions", list("SELECT r.kind, r.reason::pg_catalog.text AS reason, r.since, r.until"
                                  "  FROM gdpr.restriction AS r WHERE r.subject_table = $1 AND r.key = $2"
                                  "   AND (r.until IS NULL OR r.until > pg_catalog.now()) ORDER BY r.since, r.id",
                                  who)},
            {"objections",
             list("SELECT o.purpose, o.automated, o.reason::pg_catalog.text AS reason, o.since, o.overruled_at,"
                  "       o.ground::pg_catalog.text AS ground"
                  "  FROM gdpr.objection AS o WHERE o.subject_table = $1 AND o.key = $2 ORDER BY o.since, o.id",
                  who)}};
}

} // namespace

Members particulars(const subject::Collection &collection) {
    const Declared declared(collection);
    std::vector<std::string> names, others;
    for (const subject::Subject &each : collection.subjects()) {
        names.push_back(
            json_object(Members{{"t", json_string(std::to_string(each.table))}, {"k", json_string(each.key)}}));
        if (each != collection.subject())
            others.push_back(json_object(recorded(each)));
    }
    const std::vector<std::string> purposes = values(
        told_purposes, 4, {pg::param(declared.data()), pg::param(declared.named()), pg::param(json_list(names))});
    Members out = recorded(collection.subject());
    out.merge(
        Members{{"version", "1"},
                {"controller", values("SELECT pg_catalog.to_json(r) FROM (SELECT c.name, c.contact, c.representative,"
                                      " c.protection_officer, c.supervisory_authority FROM gdpr.controller AS c) AS r",
                                      1, {})[0]},
                {"categories", declared.categories()},
                {"purposes", purposes[0]},
                {"recipients", purposes[1]},
                {"transfers", purposes[2]},
                {"automated_decisions", purposes[3]},
                {"retention", declared.retention()},
                {"rights", rights()}});
    if (!others.empty())
        out["same_person"] = json_list(others);
    return out;
}

void Findings::add(const Rows &rows) {
    const std::string name = pg::relation_name(rows.relation());
    for (const std::string &column : rows.withheld())
        withheld_[name].insert(column);
    for (const std::string &column : rows.unchecked())
        unchecked_[name].insert(column);
}

void Findings::tell(Members &members) const {
    for (const auto &[member, found] : {std::pair("redacted", &withheld_), std::pair("review", &unchecked_)}) {
        Members relations;
        for (const auto &[relation, columns] : *found)
            relations[relation] = json_array(columns);
        members[member] = json_object(relations);
    }
}

} // namespace gdpr::rights
