// Which columns must change their type, and what must step aside while they do: one rewrite a table.
#include "apply/action.hpp"
#include "encrypted/type.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"

namespace gdpr::apply {

namespace {

struct Change {
    pg::Column column;
    Oid type;
};

std::string at(Oid relation, const pg::Column &column) {
    return pg::relation_name(relation) + "." + pg::quote(column.name);
}

/// The type a column should have, or InvalidOid when it has it.
Oid wanted_type(Oid relation, const pg::Column &column, const label::ColumnLabel *label) {
    using Encryption = label::ColumnLabel::Encryption;
    const bool encrypt = label != nullptr && label->encryption != Encryption::none;
    const Oid plain = pg::call([&] { return encrypted::plain_counterpart(column.type); });
    if (encrypt && label->encryption == Encryption::subject)
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "column " + at(relation, column) + " asks for keys per subject",
                  "This version encrypts under the database's key only.",
                  "Label it encrypted instead of encrypted(subject).");
    if (!encrypt)
        return plain;
    if (OidIsValid(plain))
        return InvalidOid;
    const Oid target = pg::call([&] { return encrypted::encrypted_counterpart(column.type); });
    if (!OidIsValid(target))
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                  "column " + at(relation, column) + " of type " + pg::type_name(column.type, column.typmod) +
                      " cannot be encrypted",
                  "Encrypted types exist for text, varchar, date, numeric and jsonb.",
                  "Change the column's type, or remove the word encrypted from its label.");
    return target;
}

std::vector<Change> changes(Oid relation) {
    const label::Labels labels = label::of(relation);
    std::vector<Change> out;
    for (const pg::Column &column : pg::columns_of(relation))
        if (const Oid type = wanted_type(relation, column, labels.column(column.number)); OidIsValid(type))
            out.push_back({column, type});
    return out;
}

std::string column_list(const std::vector<Change> &changes) {
    std::string list;
    for (const Change &each : changes)
        list += (list.empty() ? "" : ", ") + std::to_string(each.column.number);
    return "ARRAY[" + list + "]";
}

/// An index on an expression keeps the expression's plain result on disk.
void refuse_plaintext_indexes(Oid relation, const label::Labels &labels, pg::Spi &spi) {
    for (const label::LabelledColumn &each : labels.columns) {
        if (each.label.encryption == label::ColumnLabel::Encryption::none)
            continue;
        const pg::Rows rows =
            spi.run("SELECT i.indexrelid::pg_catalog.regclass::text FROM pg_catalog.pg_index i"
                    "  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
                    "   AND d.objid = i.indexrelid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
                    "   AND d.refobjid = i.indrelid AND d.refobjsubid = $2"
                    " WHERE i.indrelid = $1 AND NOT $2 = ANY (i.indkey::int2[]) AND i.indexprs IS NOT NULL ORDER BY 1",
                    {pg::param(OIDOID, ObjectIdGetDatum(relation)), pg::param(static_cast<std::int32_t>(each.number))});
        if (!rows.empty())
            pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                      "index " + rows.text_or(0, 1) + " would keep plaintext of encrypted column " +
                          pg::relation_name(relation) + "." + pg::quote(each.name),
                      "It indexes an expression, and the expression's result is stored as it is.",
                      "Drop the index, or index the expression cast to its encrypted type.");
    }
}

/// Views that use the columns, and views that use those views, the outermost first.
std::vector<Oid> dependent_views(Oid relation, const std::vector<Change> &changes, pg::Spi &spi) {
    const pg::Rows rows =
        spi.run("WITH RECURSIVE used(view, depth) AS ("
                "  SELECT r.ev_class, 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid"
                "   WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
                "     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $1"
                "     AND d.refobjsubid = ANY (" +
                    column_list(changes) +
                    ")"
                    "  UNION SELECT r.ev_class, u.depth + 1 FROM used u"
                    "   JOIN pg_catalog.pg_depend d ON d.refobjid = u.view"
                    "     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
                    "     AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
                    "   JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE r.ev_class <> u.view)"
                    "SELECT view FROM used GROUP BY view ORDER BY max(depth) DESC, view",
                {pg::param(OIDOID, ObjectIdGetDatum(relation))});
    std::vector<Oid> views;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        views.push_back(rows.oid(row, 1));
    return views;
}

/// A view is dropped and made again; what that would lose is refused beforehand.
void refuse_fragile(Oid view, Oid relation, pg::Spi &spi) {
    const pg::Rows rows =
        spi.run("SELECT c.relkind = 'v', EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid),"
                "       (SELECT count(*) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid) > 1,"
                "       EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid"
                "                AND (a.attacl IS NOT NULL OR a.atthasdef))"
                "  FROM pg_catalog.pg_class c WHERE c.oid = $1",
                {pg::param(OIDOID, ObjectIdGetDatum(view))});
    const char *reason = !rows.boolean(0, 1)  ? "It is not a plain view."
                         : rows.boolean(0, 2) ? "It has triggers."
                         : rows.boolean(0, 3) ? "It has rules of its own."
                         : rows.boolean(0, 4) ? "It has column privileges or defaults."
                                              : nullptr;
    if (reason != nullptr)
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                  pg::relation_name(view) + " stands in the way of encrypting " + pg::relation_name(relation), reason,
                  "Drop it, apply, and create it again.");
}

void recreate(Oid view, Oid relation, pg::Spi &spi, Actions &actions) {
    const std::string name = pg::relation_name(view);
    const pg::Rows rows =
        spi.run("SELECT pg_catalog.pg_get_viewdef(c.oid), pg_catalog.array_to_string(c.reloptions, ', '),"
                "       pg_catalog.pg_get_userbyid(c.relowner), pg_catalog.obj_description(c.oid, 'pg_class')"
                "  FROM pg_catalog.pg_class c WHERE c.oid = $1",
                {pg::param(OIDOID, ObjectIdGetDatum(view))});
    const std::string options = rows.text_or(0, 2);
    const auto add = [&](const std::string &statement) { actions.push_back({relation, "recreate view", statement}); };
    add("CREATE VIEW " + name + (options.empty() ? "" : " WITH (" + options + ")") + " AS " + rows.text_or(0, 1));
    add("ALTER VIEW " + name + " OWNER TO " + pg::quote(rows.text_or(0, 3)));
    if (const auto comment = rows.text(0, 4))
        add("COMMENT ON VIEW " + name + " IS " + pg::quote_literal(*comment));
    const pg::Rows grants = spi.run(
        "SELECT pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type, $2,"
        "         CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,"
        "         CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)"
        "  FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a"
        " WHERE c.oid = $1 AND a.grantee <> c.relowner ORDER BY a.grantee, a.privilege_type",
        {pg::param(OIDOID, ObjectIdGetDatum(view)), pg::param(name)});
    for (std::uint64_t row = 0; row < grants.size(); row++)
        add(grants.text_or(row, 1));
    const pg::Rows comments = spi.run(
        "SELECT pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', $2, a.attname, d.description)"
        "  FROM pg_catalog.pg_description d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid"
        " WHERE d.objoid = $1 AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0 ORDER BY a.attnum",
        {pg::param(OIDOID, ObjectIdGetDatum(view)), pg::param(name)});
    for (std::uint64_t row = 0; row < comments.size(); row++)
        add(comments.text_or(row, 1));
}

/// A policy forbids the change of any column that it uses, in partitions too. Ours is made again, and the table stays
/// locked meanwhile.
void set_policies_aside(Oid relation, pg::Spi &spi, Actions &actions) {
    const pg::Rows rows =
        spi.run("SELECT polrelid FROM pg_catalog.pg_policy WHERE polname = 'gdpr_restriction' AND ("
                "  polrelid = $1 OR polrelid IN (WITH RECURSIVE below(id) AS ("
                "    SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = $1 UNION"
                "    SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.id)"
                "   SELECT id FROM below)) ORDER BY polrelid",
                {pg::param(OIDOID, ObjectIdGetDatum(relation))});
    for (std::uint64_t row = 0; row < rows.size(); row++)
        actions.push_back({relation, "drop policy for a moment",
                           "DROP POLICY gdpr_restriction ON " + pg::relation_name(rows.oid(row, 1))});
}

std::string collation_clause(const Change &change) {
    const Oid collation = change.column.collation;
    if (!OidIsValid(collation) || collation == DEFAULT_COLLATION_OID)
        return "";
    return pg::call([&] {
               NameData text;
               HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
               const auto *form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
               const char *name =
                   quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
               namestrcpy(&text, name);
               ReleaseSysCache(tuple);
               return text;
           })
        .data;
}

std::string rewrite(Oid relation, const std::vector<Change> &changes) {
    std::string statement = "ALTER TABLE " + pg::relation_name(relation);
    for (const Change &each : changes) {
        const std::string type = pg::type_name(each.type, each.column.typmod);
        const std::string name = pg::quote(each.column.name);
        const std::string collation = collation_clause(each);
        statement += (&each == &changes.front() ? " " : ", ") + ("ALTER COLUMN " + name) + " TYPE " + type +
                     (collation.empty() ? "" : " COLLATE " + collation) + " USING " + name + "::" + type;
    }
    return statement;
}

} // namespace

void plan_encryption(Oid relation, Actions &actions) {
    pg::Spi spi;
    refuse_plaintext_indexes(relation, label::of(relation), spi);
    const std::vector<Change> wanted = changes(relation);
    if (wanted.empty())
        return;
    // A trigger with a column list would forbid the change; the rooms that own ours make them again.
    const pg::Rows triggers = spi.run("SELECT pg_catalog.quote_ident(tgname) FROM pg_catalog.pg_trigger"
                                      " WHERE tgrelid = $1 AND tgname = 'gdpr_blocklist' AND NOT tgisinternal",
                                      {pg::param(OIDOID, ObjectIdGetDatum(relation))});
    for (std::uint64_t row = 0; row < triggers.size(); row++)
        actions.push_back({relation, "drop trigger for a moment",
                           "DROP TRIGGER " + triggers.text_or(row, 1) + " ON " + pg::relation_name(relation)});
    set_policies_aside(relation, spi, actions);
    const std::vector<Oid> views = dependent_views(relation, wanted, spi);
    for (const Oid view : views) {
        refuse_fragile(view, relation, spi);
        actions.push_back({relation, "drop view for a moment", "DROP VIEW " + pg::relation_name(view)});
    }
    const bool encrypting = OidIsValid(pg::call([&] { return encrypted::plain_counterpart(wanted.front().type); }));
    actions.push_back({relation, encrypting ? "encrypt columns" : "decrypt columns", rewrite(relation, wanted), true});
    for (auto view = views.rbegin(); view != views.rend(); ++view)
        recreate(*view, relation, spi, actions);
}

} // namespace gdpr::apply
