// Views and materialised views over columns that change: the outermost goes first and comes back last. Their rules and
// triggers are exchanged with everyone else's.
#include "apply/exchange.hpp"

namespace gdpr::apply {

namespace {

constexpr const char *action = "recreate view";

struct View {
    Oid id;
    std::string name, kind; // VIEW or MATERIALIZED VIEW
    bool materialized, populated;
};

std::vector<View> views_of(Exchange &exchange) {
    const pg::Rows rows = exchange.run("SELECT v.id, c.relkind = 'm', c.relispopulated FROM view v"
                                       "  JOIN pg_catalog.pg_class c ON c.oid = v.id ORDER BY v.depth DESC, v.id");
    std::vector<View> out;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const bool materialized = rows.boolean(row, 2);
        out.push_back({rows.oid(row, 1), pg::relation_name(rows.oid(row, 1)),
                       materialized ? "MATERIALIZED VIEW" : "VIEW", materialized, rows.boolean(row, 3)});
    }
    return out;
}

void refuse_what_is_lost(Exchange &exchange, const View &view) {
    const pg::Rows rows = exchange.about(
        view.id,
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE objid = $1 AND deptype = 'e'"
        "  AND classid = 'pg_catalog.pg_class'::pg_catalog.regclass),"
        " (SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_catalog.pg_depend d"
        "   JOIN pg_catalog.pg_class c ON d.refobjid = c.reltype"
        "  WHERE c.oid = $1 AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.deptype = 'n' LIMIT 1)");
    const auto uses_rows = rows.text(0, 2);
    if (rows.boolean(0, 1) || uses_rows)
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                  view.name + " stands in the way of changing columns of " + pg::relation_name(exchange.relation()),
                  uses_rows ? "Its row type is used by " + *uses_rows + "." : "It belongs to an extension.",
                  "Drop it, apply, and create it again.");
}

void grants(Exchange &exchange, const View &view) {
    // The owner's own privileges are as the owner left them; then everyone else's, on the view and on its columns.
    const pg::Rows rows = exchange.about(
        view.id,
        "WITH entry AS (SELECT c.relowner AS owner, a.*, NULL::name AS attname, 0 AS number"
        "    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = $1"
        "  UNION ALL SELECT c.relowner, x.*, a.attname, a.attnum FROM pg_catalog.pg_class c"
        "    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid, pg_catalog.aclexplode(a.attacl) x WHERE c.oid = $1)"
        "SELECT DISTINCT 0 AS number, 0::oid AS grantee, ' REVOKE' AS privilege, 'REVOKE ALL ON %s FROM ' ||"
        "       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(owner)) FROM entry"
        "  WHERE number = 0 AND (SELECT count(*) FROM entry e WHERE e.grantee = e.owner AND e.number = 0) <"
        "   (SELECT count(*) FROM pg_catalog.aclexplode(pg_catalog.acldefault('r', owner)))"
        " UNION ALL SELECT number, grantee, privilege_type, pg_catalog.format('GRANT %s%s ON %%s TO %s%s', privilege_type,"
        "         ' (' || pg_catalog.quote_ident(attname) || ')', CASE grantee WHEN 0 THEN 'PUBLIC'"
        "           ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END,"
        "         CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM entry WHERE grantee <> owner OR"
        "   (SELECT count(*) FROM entry e WHERE e.grantee = e.owner AND e.number = 0) <"
        "   (SELECT count(*) FROM pg_catalog.aclexplode(pg_catalog.acldefault('r', owner))) ORDER BY 1, 2, 3");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        std::string statement = rows.text_or(row, 4);
        statement.replace(statement.find("%s"), 2, view.name);
        exchange.after(action, statement);
    }
}

void comments_and_labels(Exchange &exchange, const View &view) {
    const pg::Rows rows = exchange.about(
        view.id,
        "SELECT 'COMMENT ON ' || CASE objsubid WHEN 0 THEN $2 || ' ' || $3 ELSE 'COLUMN ' || $3 || '.' || pg_catalog.quote_ident(a.attname)"
        "         END || ' IS ' || pg_catalog.quote_literal(description) FROM pg_catalog.pg_description d"
        "  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid"
        " WHERE d.objoid = $1 AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass"
        " UNION ALL SELECT 'SECURITY LABEL FOR ' || pg_catalog.quote_ident(provider) || ' ON ' ||"
        "         CASE objsubid WHEN 0 THEN $2 || ' ' || $3 ELSE 'COLUMN ' || $3 || '.' || pg_catalog.quote_ident(a.attname)"
        "         END || ' IS ' || pg_catalog.quote_literal(label) FROM pg_catalog.pg_seclabel s"
        "  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = s.objoid AND a.attnum = s.objsubid"
        " WHERE s.objoid = $1 AND s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass ORDER BY 1",
        {pg::param(view.kind), pg::param(view.name)});
    exchange.after(action, rows);
}

/// What a view keeps of its columns: defaults, and a materialised one its settings for each.
void columns(Exchange &exchange, const View &view) {
    const pg::Rows rows = exchange.about(
        view.id,
        "SELECT 'ALTER ' || $2 || ' ' || $3 || ' ALTER COLUMN ' || pg_catalog.quote_ident(a.attname) || ' ' || s.setting"
        "  FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum,"
        "       LATERAL (VALUES ('SET DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)),"
        "         (CASE WHEN a.attstattarget >= 0 AND $2 <> 'VIEW' THEN 'SET STATISTICS ' || a.attstattarget END),"
        "         ('SET (' || (SELECT pg_catalog.string_agg(o, ', ') FROM pg_catalog.unnest(a.attoptions) o WHERE o LIKE 'n\\_distinct%') || ')')) AS s(setting)"
        " WHERE a.attrelid = $1 AND a.attnum > 0 AND s.setting IS NOT NULL ORDER BY a.attnum, 1",
        {pg::param(view.kind), pg::param(view.name)});
    exchange.after(action, rows);
}

/// A materialised view's indexes and statistics objects.
void attachments(Exchange &exchange, const View &view) {
    const pg::Rows indexes = exchange.about(
        view.id, "SELECT i.indexrelid, i.indisclustered, pg_catalog.quote_ident(c.relname),"
                 "       pg_catalog.obj_description(i.indexrelid, 'pg_class') FROM pg_catalog.pg_index i"
                 "  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1 ORDER BY c.relname");
    for (std::uint64_t row = 0; row < indexes.size(); row++) {
        const Oid index = indexes.oid(row, 1);
        exchange.after(action, index_definition(exchange, index));
        if (const auto comment = indexes.text(row, 4))
            exchange.after(action,
                           "COMMENT ON INDEX " + pg::relation_name(index) + " IS " + pg::quote_literal(*comment));
        if (indexes.boolean(row, 2))
            exchange.after(action, "ALTER MATERIALIZED VIEW " + view.name + " CLUSTER ON " + indexes.text_or(row, 3));
    }
    const pg::Rows statistics = exchange.about(
        view.id, "SELECT pg_catalog.pg_get_statisticsobjdef(s.oid), pg_catalog.format('%I.%I', n.nspname, s.stxname),"
                 "       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.stxowner)),"
                 "       pg_catalog.obj_description(s.oid, 'pg_statistic_ext')"
                 "  FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace"
                 " WHERE s.stxrelid = $1 ORDER BY 2");
    for (std::uint64_t row = 0; row < statistics.size(); row++) {
        const std::string name = statistics.text_or(row, 2);
        exchange.after(action, statistics.text_or(row, 1));
        exchange.after(action, "ALTER STATISTICS " + name + " OWNER TO " + statistics.text_or(row, 3));
        if (const auto comment = statistics.text(row, 4))
            exchange.after(action, "COMMENT ON STATISTICS " + name + " IS " + pg::quote_literal(*comment));
    }
}

void recreate(Exchange &exchange, const View &view) {
    const pg::Rows rows = exchange.about(
        view.id,
        "SELECT CASE WHEN w.query::text = r.ev_action::text THEN pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';')"
        "            ELSE (gdpr.written(w.query, 0))[1] END, ' WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')',"
        "       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)),"
        "       ' USING ' || pg_catalog.quote_ident(m.amname), ' TABLESPACE ' || pg_catalog.quote_ident(t.spcname),"
        "       (SELECT ' (' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'"
        "          FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND w.query::text <> r.ev_action::text)"
        "  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'"
        "  CROSS JOIN LATERAL (SELECT gdpr.as_written(r.ev_action) AS query) w LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam"
        "  LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace WHERE c.oid = $1");
    exchange.after(action, "CREATE " + view.kind + " " + view.name + rows.text_or(0, 6) + rows.text_or(0, 4) +
                               rows.text_or(0, 2) + rows.text_or(0, 5) + " AS " + rows.text_or(0, 1) +
                               (view.materialized ? " WITH NO DATA" : ""));
    exchange.after(action, "ALTER " + view.kind + " " + view.name + " OWNER TO " + rows.text_or(0, 3));
    columns(exchange, view);
    grants(exchange, view);
    comments_and_labels(exchange, view);
    if (!view.materialized)
        return;
    attachments(exchange, view);
    // It runs as the owner of the view, as every refresh does.
    if (view.populated)
        exchange.after("refresh view", "REFRESH MATERIALIZED VIEW " + view.name);
}

} // namespace

void drop_views(Exchange &exchange) {
    for (const View &view : views_of(exchange)) {
        refuse_what_is_lost(exchange, view);
        exchange.before("drop view for a moment", "DROP " + view.kind + " " + view.name);
    }
}

void recreate_views(Exchange &exchange) {
    std::vector<View> views = views_of(exchange);
    for (auto view = views.rbegin(); view != views.rend(); ++view)
        recreate(exchange, *view);
}

} // namespace gdpr::apply
