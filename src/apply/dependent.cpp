#include "apply/dependent.hpp"

#include "encrypted/type.hpp"
#include "label/label.hpp"

namespace gdpr::apply {

namespace {

/// Common table expressions: `family`, the relation ($1) and its children; `target`, the columns in each of them;
/// `used`, the objects of one catalog that depend on one of these columns.
std::string targets(const std::vector<std::string> &columns, const char *catalog = "pg_rewrite") {
    std::string names;
    for (const std::string &each : columns)
        names += (names.empty() ? "" : ", ") + pg::quote_literal(each);
    return "WITH RECURSIVE family(id) AS (SELECT $1::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i"
           "  JOIN family f ON f.id = i.inhparent),"
           " target AS (SELECT a.attrelid AS relation, a.attnum AS number FROM family f"
           "  JOIN pg_catalog.pg_attribute a ON a.attrelid = f.id WHERE a.attname IN (" +
           names +
           ")),"
           " used AS (SELECT DISTINCT d.objid AS id FROM pg_catalog.pg_depend d"
           "  JOIN target t ON d.refobjid = t.relation AND d.refobjsubid = t.number"
           " WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.classid = 'pg_catalog." +
           std::string(catalog) + "'::pg_catalog.regclass) ";
}

std::vector<pg::Param> as_param(Oid relation) { return {pg::param(OIDOID, ObjectIdGetDatum(relation))}; }

[[noreturn]] void refuse(Oid relation, const std::string &obstacle, const std::string &reason,
                         const std::string &hint) {
    pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
              obstacle + " stands in the way of changing columns of " + pg::relation_name(relation), reason, hint);
}

class Planner {
  public:
    Planner(Oid relation, pg::Spi &spi) : relation_(relation), spi_(spi) {}
    void views(const std::vector<std::string> &columns);
    void rules(const std::vector<std::string> &columns);
    void triggers(const std::vector<std::string> &columns);
    void policies(const std::vector<std::string> &columns);
    Dependents take() { return std::move(out_); }

  private:
    void before(const std::string &action, const std::string &statement) {
        out_.before.push_back({relation_, action, statement});
    }
    void after(const std::string &action, const std::string &statement) {
        out_.after.push_back({relation_, action, statement});
    }
    /// Drops and makes again what each row describes: kind, name, table, definition, comment, and what else to say.
    void exchange(const char *kind, const pg::Rows &rows);
    void recreate_view(Oid view);

    Oid relation_;
    pg::Spi &spi_;
    Dependents out_;
};

void Planner::exchange(const char *kind, const pg::Rows &rows) {
    const std::string word(kind);
    std::string upper = word;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string object = upper + " " + rows.text_or(row, 1) + " ON " + rows.text_or(row, 2);
        before("drop " + word + " for a moment", "DROP " + object);
        if (rows.text(row, 3))
            after("recreate " + word, rows.text_or(row, 3));
        if (const auto comment = rows.text(row, 4))
            after("recreate " + word, "COMMENT ON " + object + " IS " + pg::quote_literal(*comment));
        if (const auto more = rows.text(row, 5))
            after("recreate " + word, "ALTER TABLE " + rows.text_or(row, 2) + " " + *more);
    }
}

/// Views that use the columns, and views that use those views: the outermost goes first and comes back last.
void Planner::views(const std::vector<std::string> &columns) {
    const pg::Rows rows = spi_.run(
        targets(columns) +
            ", above(view, depth) AS ("
            "  SELECT r.ev_class, 1 FROM used u JOIN pg_catalog.pg_rewrite r ON r.oid = u.id"
            "    JOIN pg_catalog.pg_class c ON c.oid = r.ev_class WHERE c.relkind IN ('v', 'm') AND r.rulename = '_RETURN'"
            "  UNION SELECT r.ev_class, a.depth + 1 FROM above a"
            "    JOIN pg_catalog.pg_depend d ON d.refobjid = a.view"
            "     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
            "     AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
            "    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.rulename = '_RETURN' WHERE r.ev_class <> a.view)"
            "SELECT view FROM above GROUP BY view ORDER BY max(depth) DESC, view",
        as_param(relation_));
    for (std::uint64_t row = 0; row < rows.size(); row++)
        before("drop view for a moment", "DROP VIEW " + pg::relation_name(rows.oid(row, 1)));
    for (std::uint64_t row = rows.size(); row-- > 0;)
        recreate_view(rows.oid(row, 1));
}

void Planner::recreate_view(Oid view) {
    const std::string name = pg::relation_name(view);
    const pg::Rows rows =
        spi_.run("SELECT c.relkind = 'v', EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid),"
                 "       (SELECT count(*) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid) > 1,"
                 "       EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid"
                 "                AND (a.attacl IS NOT NULL OR a.atthasdef)),"
                 "       EXISTS (SELECT FROM pg_catalog.pg_seclabel l WHERE l.objoid = c.oid"
                 "                AND l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass),"
                 "       pg_catalog.pg_get_viewdef(c.oid), pg_catalog.array_to_string(c.reloptions, ', '),"
                 "       pg_catalog.pg_get_userbyid(c.relowner), pg_catalog.obj_description(c.oid, 'pg_class')"
                 "  FROM pg_catalog.pg_class c WHERE c.oid = $1",
                 as_param(view));
    const char *reason = !rows.boolean(0, 1)  ? "It is not a plain view."
                         : rows.boolean(0, 2) ? "It has triggers."
                         : rows.boolean(0, 3) ? "It has rules of its own."
                         : rows.boolean(0, 4) ? "It has column privileges or defaults."
                         : rows.boolean(0, 5) ? "It has security labels."
                                              : nullptr;
    if (reason != nullptr)
        refuse(relation_, name, reason, "Drop it, apply, and create it again.");

    const auto add = [&](const std::string &statement) { after("recreate view", statement); };
    const std::string options = rows.text_or(0, 7);
    add("CREATE VIEW " + name + (options.empty() ? "" : " WITH (" + options + ")") + " AS " + rows.text_or(0, 6));
    add("ALTER VIEW " + name + " OWNER TO " + pg::quote(rows.text_or(0, 8)));
    if (const auto comment = rows.text(0, 9))
        add("COMMENT ON VIEW " + name + " IS " + pg::quote_literal(*comment));
    const pg::Rows grants = spi_.run(
        "SELECT pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type, $2,"
        "         CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,"
        "         CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)"
        "  FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a"
        " WHERE c.oid = $1 AND a.grantee <> c.relowner ORDER BY a.grantee, a.privilege_type",
        {pg::param(OIDOID, ObjectIdGetDatum(view)), pg::param(name)});
    for (std::uint64_t row = 0; row < grants.size(); row++)
        add(grants.text_or(row, 1));
    const pg::Rows comments = spi_.run(
        "SELECT pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', $2, a.attname, d.description)"
        "  FROM pg_catalog.pg_description d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid"
        " WHERE d.objoid = $1 AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0 ORDER BY a.attnum",
        {pg::param(OIDOID, ObjectIdGetDatum(view)), pg::param(name)});
    for (std::uint64_t row = 0; row < comments.size(); row++)
        add(comments.text_or(row, 1));
}

/// Rules of tables, on whichever table they are.
void Planner::rules(const std::vector<std::string> &columns) {
    exchange(
        "rule",
        spi_.run(
            targets(columns) +
                "SELECT pg_catalog.quote_ident(r.rulename), r.ev_class::pg_catalog.regclass::text,"
                "       pg_catalog.pg_get_ruledef(r.oid), pg_catalog.obj_description(r.oid, 'pg_rewrite'),"
                "       CASE r.ev_enabled WHEN 'D' THEN 'DISABLE RULE ' WHEN 'A' THEN 'ENABLE ALWAYS RULE '"
                "                         WHEN 'R' THEN 'ENABLE REPLICA RULE ' END || pg_catalog.quote_ident(r.rulename)"
                "  FROM used u JOIN pg_catalog.pg_rewrite r ON r.oid = u.id WHERE r.rulename <> '_RETURN'"
                " ORDER BY 2, 1",
            as_param(relation_)));
}

/// Triggers with a column list or a condition. The extension's own are only dropped: their rooms make them again.
void Planner::triggers(const std::vector<std::string> &columns) {
    exchange(
        "trigger",
        spi_.run(
            targets(columns, "pg_trigger") +
                "SELECT pg_catalog.quote_ident(g.tgname), g.tgrelid::pg_catalog.regclass::text,"
                "       CASE WHEN o.own THEN NULL ELSE pg_catalog.pg_get_triggerdef(g.oid) END,"
                "       CASE WHEN o.own THEN NULL ELSE pg_catalog.obj_description(g.oid, 'pg_trigger') END,"
                "       CASE WHEN o.own THEN NULL ELSE"
                "         CASE g.tgenabled WHEN 'D' THEN 'DISABLE TRIGGER ' WHEN 'A' THEN 'ENABLE ALWAYS TRIGGER '"
                "                          WHEN 'R' THEN 'ENABLE REPLICA TRIGGER ' END || pg_catalog.quote_ident(g.tgname) END"
                "  FROM used u JOIN pg_catalog.pg_trigger g ON g.oid = u.id JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid,"
                "       LATERAL (SELECT p.pronamespace = 'gdpr'::pg_catalog.regnamespace AS own) o"
                " WHERE NOT g.tgisinternal AND g.tgparentid = 0 ORDER BY 2, 1",
            as_param(relation_)));
}

void Planner::policies(const std::vector<std::string> &columns) {
    exchange(
        "policy",
        spi_.run(
            targets(columns, "pg_policy") +
                "SELECT pg_catalog.quote_ident(p.polname), p.polrelid::pg_catalog.regclass::text,"
                "       CASE WHEN p.polname IN ('gdpr_restriction', 'gdpr_default') THEN NULL ELSE"
                "       pg_catalog.format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname,"
                "         p.polrelid::pg_catalog.regclass, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,"
                "         CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'"
                "                       WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,"
                "         (SELECT pg_catalog.string_agg(CASE r WHEN 0 THEN 'PUBLIC'"
                "            ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r)) END, ', ')"
                "            FROM pg_catalog.unnest(p.polroles) r),"
                "         ' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')',"
                "         ' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')') END,"
                "       pg_catalog.obj_description(p.oid, 'pg_policy'), NULL::text"
                "  FROM used u JOIN pg_catalog.pg_policy p ON p.oid = u.id ORDER BY 2, 1",
            as_param(relation_)));
}

} // namespace

std::vector<Oid> family_of(Oid relation, pg::Spi &spi) {
    const pg::Rows rows =
        spi.run("WITH RECURSIVE family(id, depth) AS (SELECT $1::oid, 0 UNION SELECT i.inhrelid, f.depth + 1"
                "  FROM pg_catalog.pg_inherits i JOIN family f ON f.id = i.inhparent)"
                " SELECT id FROM family GROUP BY id ORDER BY min(depth), id",
                as_param(relation));
    std::vector<Oid> out;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back(rows.oid(row, 1));
    return out;
}

void refuse_stored_plaintext(Oid relation, pg::Spi &spi) {
    const label::Labels labels = label::of(relation);
    const pg::Rows rows = spi.run(
        "SELECT 'index ' || i.indexrelid::pg_catalog.regclass::text, i.indexprs::text"
        "  FROM pg_catalog.pg_index i WHERE i.indrelid = $1 AND i.indexprs IS NOT NULL"
        " UNION ALL SELECT pg_catalog.format('statistics object %I.%I', n.nspname, s.stxname), s.stxexprs::text"
        "  FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace"
        " WHERE s.stxrelid = $1 AND s.stxexprs IS NOT NULL"
        " UNION ALL SELECT pg_catalog.format('generated column %s.%I', a.attrelid::pg_catalog.regclass, a.attname), d.adbin::text"
        "  FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
        " WHERE d.adrelid = $1 AND a.attgenerated = 's' ORDER BY 1",
        as_param(relation));
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string text = rows.text_or(row, 2);
        for (const label::LabelledColumn &each : labels.columns) {
            if (each.label.encryption == label::ColumnLabel::Encryption::none)
                continue;
            const bool reveals = pg::call([&] {
                Node *tree = static_cast<Node *>(stringToNode(const_cast<char *>(text.c_str())));
                ListCell *cell;
                foreach (cell, IsA(tree, List) ? reinterpret_cast<List *>(tree) : list_make1(tree)) {
                    Bitmapset *columns = nullptr;
                    pull_varattnos(static_cast<Node *>(lfirst(cell)), 1, &columns);
                    if (bms_is_member(each.number - FirstLowInvalidHeapAttributeNumber, columns) &&
                        !OidIsValid(encrypted::plain_counterpart(exprType(static_cast<Node *>(lfirst(cell))))))
                        return true;
                }
                return false;
            });
            if (reveals)
                pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                          rows.text_or(row, 1) + " would keep plaintext of encrypted column " +
                              pg::relation_name(relation) + "." + pg::quote(each.name),
                          "It holds the results of an expression, and stores them as they are.",
                          "Drop it, or wrap the expression in gdpr.sealed(…).");
        }
    }
}

void refuse_obstacles(Oid relation, const std::vector<std::string> &columns, pg::Spi &spi) {
    const auto first = [&](const std::string &query, const std::string &reason, const std::string &hint) {
        if (const pg::Rows rows = spi.run(query, as_param(relation)); !rows.empty())
            refuse(relation, rows.text_or(0, 1), reason, hint);
    };
    first(targets(columns) +
              "SELECT 'partition key of ' || t.relation::pg_catalog.regclass::text FROM target t"
              "  JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = t.relation"
              " WHERE t.number = ANY (p.partattrs::int2[]) OR EXISTS (SELECT FROM pg_catalog.pg_depend d"
              "   WHERE d.objid = t.relation AND d.refobjid = t.relation AND d.refobjsubid = t.number"
              "     AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i') ORDER BY 1",
          "PostgreSQL cannot change the type of a column that rows are routed by.",
          "Partition by another column, or create the table anew with the encrypted type.");
    first(targets(columns, "pg_attrdef") +
              "SELECT pg_catalog.format('generated column %s.%I', a.attrelid::pg_catalog.regclass, a.attname)"
              "  FROM used u JOIN pg_catalog.pg_attrdef d ON d.oid = u.id"
              "  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
              " WHERE a.attgenerated <> '' ORDER BY 1",
          "PostgreSQL cannot change the type of a column that a generated column is computed from.",
          "Drop the generated column, apply, and generate it anew, as gdpr.sealed(…).");
    first(targets(columns) +
              "SELECT pg_catalog.format('generated column %s.%I', a.attrelid::pg_catalog.regclass, a.attname)"
              "  FROM target t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.relation AND a.attnum = t.number"
              " WHERE a.attgenerated <> '' ORDER BY 1",
          "Encryption is randomised, and what is generated must always come out the same.",
          "Drop the generated column, apply, and generate it anew, as gdpr.sealed(…).");
    first(targets(columns, "pg_proc") +
              "SELECT 'function ' || u.id::pg_catalog.regprocedure::text FROM used u ORDER BY 1",
          "Its body was parsed when it was created, and names a column that changes.",
          "Drop it, apply, and create it again; or give it a body that is a string.");
    // Encrypted types have a default operator class for btree and for hash, and no other.
    first(
        targets(columns) +
            "SELECT 'index ' || i.indexrelid::pg_catalog.regclass::text FROM target t"
            "  JOIN pg_catalog.pg_index i ON i.indrelid = t.relation JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
            "  JOIN pg_catalog.pg_am m ON m.oid = c.relam,"
            "  ROWS FROM (pg_catalog.unnest(i.indkey::int2[]), pg_catalog.unnest(i.indclass::oid[])) AS k(number, class)"
            "  LEFT JOIN pg_catalog.pg_opclass o ON o.oid = k.class"
            " WHERE k.number = t.number AND k.class IS NOT NULL AND NOT (o.opcdefault AND m.amname IN ('btree', 'hash'))"
            " ORDER BY 1",
        "Encrypted columns can be indexed by btree and by hash, with the default operator class.",
        "Drop the index, or make it again with the default operator class.");
}

Dependents dependents_of(Oid relation, const std::vector<std::string> &columns, pg::Spi &spi) {
    Planner planner(relation, spi);
    planner.rules(columns);
    planner.triggers(columns);
    planner.policies(columns);
    planner.views(columns);
    return planner.take();
}

} // namespace gdpr::apply
