#include "apply/dependent.hpp"

#include "apply/exchange.hpp"

namespace gdpr::apply {

namespace {

/// Rules, on whichever table or view they are.
void rules(Exchange &exchange) {
    exchange.exchange(
        "rule",
        exchange.run(
            "SELECT pg_catalog.quote_ident(r.rulename), r.ev_class::pg_catalog.regclass::text,"
            "       CASE WHEN condition::text = r.ev_qual::text AND action::text = r.ev_action::text"
            "         THEN pg_catalog.pg_get_ruledef(r.oid) ELSE pg_catalog.format('CREATE RULE %I AS ON %s TO %s%s DO %s%s',"
            "           r.rulename, CASE r.ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END,"
            "           r.ev_class::pg_catalog.regclass, ' WHERE ' || (gdpr.written(condition, r.ev_class))[1],"
            "           CASE WHEN r.is_instead THEN 'INSTEAD ' END,"
            "           (SELECT CASE count(*) WHEN 1 THEN max(q) ELSE '(' || pg_catalog.string_agg(q, '; ' ORDER BY n) || ')' END"
            "              FROM pg_catalog.unnest(gdpr.written(action, r.ev_class)) WITH ORDINALITY AS x(q, n))) END,"
            "       pg_catalog.obj_description(r.oid, 'pg_rewrite'),"
            "       CASE r.ev_enabled WHEN 'D' THEN 'DISABLE RULE ' WHEN 'A' THEN 'ENABLE ALWAYS RULE '"
            "                         WHEN 'R' THEN 'ENABLE REPLICA RULE ' END || pg_catalog.quote_ident(r.rulename)"
            "  FROM used u JOIN pg_catalog.pg_rewrite r ON r.oid = u.id,"
            "       LATERAL (SELECT gdpr.as_written(r.ev_qual) AS condition, gdpr.as_written(r.ev_action) AS action) w"
            " WHERE r.rulename <> '_RETURN'"
            " ORDER BY 2, 1"));
}

/// Triggers with a column list or a condition, and those on views. The extension's own are only dropped: their rooms
/// make them again.
void triggers(Exchange &exchange) {
    exchange.exchange(
        "trigger",
        exchange.run(
            "SELECT pg_catalog.quote_ident(g.tgname), g.tgrelid::pg_catalog.regclass::text,"
            "       CASE WHEN o.own THEN NULL WHEN w.condition::text <> g.tgqual::text THEN"
            "         pg_catalog.regexp_replace(d.definition,"
            "           '^(.* FOR EACH ROW WHEN \\().*(\\) EXECUTE FUNCTION [^(]+\\((E?''([^'']|'''')*''(, )?)*\\))$',"
            "           '\\1' || pg_catalog.replace((gdpr.written(w.condition, g.tgrelid))[1], '\\', '\\\\') || '\\2')"
            "         ELSE d.definition END,"
            "       CASE WHEN o.own THEN NULL ELSE pg_catalog.obj_description(g.oid, 'pg_trigger') END,"
            "       CASE WHEN o.own THEN NULL ELSE"
            "         CASE g.tgenabled WHEN 'D' THEN 'DISABLE TRIGGER ' WHEN 'A' THEN 'ENABLE ALWAYS TRIGGER '"
            "                          WHEN 'R' THEN 'ENABLE REPLICA TRIGGER ' END || pg_catalog.quote_ident(g.tgname) END"
            "  FROM used u JOIN pg_catalog.pg_trigger g ON g.oid = u.id JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid,"
            "       LATERAL (SELECT p.pronamespace = 'gdpr'::pg_catalog.regnamespace AS own) o,"
            "       LATERAL (SELECT pg_catalog.pg_get_triggerdef(g.oid) AS definition) d,"
            "       LATERAL (SELECT gdpr.as_written(g.tgqual) AS condition) w"
            " WHERE NOT g.tgisinternal AND g.tgparentid = 0 ORDER BY 2, 1",
            "pg_trigger"));
}

void policies(Exchange &exchange) {
    exchange.exchange(
        "policy",
        exchange.run(
            "SELECT pg_catalog.quote_ident(p.polname), p.polrelid::pg_catalog.regclass::text,"
            "       CASE WHEN p.polname IN ('gdpr_restriction', 'gdpr_gate', 'gdpr_default') THEN NULL ELSE"
            "       pg_catalog.format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname,"
            "         p.polrelid::pg_catalog.regclass, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,"
            "         CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'"
            "                       WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,"
            "         (SELECT pg_catalog.string_agg(CASE r WHEN 0 THEN 'PUBLIC'"
            "            ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r)) END, ', ')"
            "            FROM pg_catalog.unnest(p.polroles) r),"
            "         ' USING (' || pg_catalog.pg_get_expr(gdpr.as_written(p.polqual), p.polrelid) || ')',"
            "         ' WITH CHECK (' || pg_catalog.pg_get_expr(gdpr.as_written(p.polwithcheck), p.polrelid) || ')') END,"
            "       pg_catalog.obj_description(p.oid, 'pg_policy'), NULL::text"
            "  FROM used u JOIN pg_catalog.pg_policy p ON p.oid = u.id ORDER BY 2, 1",
            "pg_policy"));
}

/// Functions whose body was parsed when they were created get an empty one for a moment; all else about them stays.
void functions(Exchange &exchange) {
    const pg::Rows rows = exchange.run(
        "SELECT pg_catalog.pg_get_functiondef(u.id), pg_catalog.pg_get_function_sqlbody(u.id),"
        "       CASE WHEN w.body::text = p.prosqlbody::text THEN pg_catalog.pg_get_function_sqlbody(u.id)"
        "            WHEN w.body::text LIKE '{%' THEN (gdpr.written(w.body, 0))[1]"
        "            ELSE 'BEGIN ATOMIC ' || pg_catalog.array_to_string(gdpr.written(w.body, 0) || ARRAY['END'], '; ') END"
        "  FROM used u JOIN pg_catalog.pg_proc p ON p.oid = u.id,"
        "       LATERAL (SELECT gdpr.as_written(p.prosqlbody) AS body) w WHERE p.prosqlbody IS NOT NULL ORDER BY u.id",
        "pg_proc");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string definition = rows.text_or(row, 1), body = rows.text_or(row, 2);
        const std::size_t at = definition.rfind(body);
        if (at == std::string::npos)
            continue;
        exchange.before("empty function for a moment", definition.substr(0, at) + "AS ''");
        exchange.after("restore function", definition.substr(0, at) + rows.text_or(row, 3));
    }
}

/// Publications that list the columns or filter by them.
void publications(Exchange &exchange) {
    const pg::Rows rows = exchange.run(
        "SELECT pg_catalog.quote_ident(p.pubname), r.prrelid::pg_catalog.regclass::text,"
        "       (SELECT ' (' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'"
        "          FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])),"
        "       ' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')'"
        "  FROM used u JOIN pg_catalog.pg_publication_rel r ON r.oid = u.id"
        "  JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid ORDER BY 1, 2",
        "pg_publication_rel");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string publication = "ALTER PUBLICATION " + rows.text_or(row, 1), table = rows.text_or(row, 2);
        exchange.before("leave publication for a moment", publication + " DROP TABLE ONLY " + table);
        exchange.after("return to publication",
                       publication + " ADD TABLE ONLY " + table + rows.text_or(row, 3) + rows.text_or(row, 4));
    }
}

} // namespace

Exchange::Exchange(Oid relation, const std::vector<ColumnChange> &changes, pg::Spi &spi)
    : relation_(relation), changes_(changes), spi_(spi) {
    for (const ColumnChange &each : changes)
        names_ += (names_.empty() ? "" : ", ") + pg::quote_literal(each.column.name);
}

const ColumnChange *Exchange::change(const std::string &column) const {
    const auto found = std::find_if(changes_.begin(), changes_.end(),
                                    [&](const ColumnChange &each) { return each.column.name == column; });
    return found == changes_.end() ? nullptr : &*found;
}

pg::Rows Exchange::run(const std::string &query, const char *catalog) {
    return spi_.run(
        "WITH RECURSIVE family(id) AS (SELECT $1::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i"
        "  JOIN family f ON f.id = i.inhparent),"
        " target AS (SELECT a.attrelid AS relation, a.attnum AS number FROM family f"
        "  JOIN pg_catalog.pg_attribute a ON a.attrelid = f.id WHERE a.attname IN (" +
            names_ +
            ")),"
            " above(id, depth) AS ("
            "  SELECT r.ev_class, 1 FROM target t JOIN pg_catalog.pg_depend d"
            "      ON d.refobjid = t.relation AND d.refobjsubid = t.number"
            "     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
            "     AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
            "    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.rulename = '_RETURN'"
            "  UNION SELECT r.ev_class, a.depth + 1 FROM above a JOIN pg_catalog.pg_depend d"
            "      ON d.refobjid = a.id AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
            "     AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
            "    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.rulename = '_RETURN'"
            "   WHERE r.ev_class <> a.id),"
            " view AS (SELECT id, max(depth) AS depth FROM above GROUP BY id),"
            " used AS (SELECT DISTINCT d.objid AS id FROM pg_catalog.pg_depend d"
            "  LEFT JOIN target t ON d.refobjid = t.relation AND d.refobjsubid = t.number"
            "  LEFT JOIN view v ON d.refobjid = v.id"
            " WHERE (t.relation IS NOT NULL OR v.id IS NOT NULL)"
            "   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.classid = 'pg_catalog." +
            catalog + "'::pg_catalog.regclass) " + query,
        {pg::param(OIDOID, ObjectIdGetDatum(relation_))});
}

void Exchange::exchange(const char *kind, const pg::Rows &rows) {
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

std::vector<Oid> family_of(Oid relation, pg::Spi &spi) {
    const pg::Rows rows =
        spi.run("WITH RECURSIVE family(id, depth) AS (SELECT $1::oid, 0 UNION SELECT i.inhrelid, f.depth + 1"
                "  FROM pg_catalog.pg_inherits i JOIN family f ON f.id = i.inhparent)"
                " SELECT id FROM family GROUP BY id ORDER BY min(depth), id",
                {pg::param(OIDOID, ObjectIdGetDatum(relation))});
    std::vector<Oid> out;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back(rows.oid(row, 1));
    return out;
}

/// What depends on others goes first and comes back last.
Dependents dependents_of(Oid relation, const std::vector<ColumnChange> &changes, pg::Spi &spi) {
    Exchange exchange(relation, changes, spi);
    exchange_exclusions(exchange);
    exchange_checks(exchange);
    exchange_statistics(exchange);
    keep_settings(exchange);
    exchange_indexes(exchange);
    std::vector<Dependents> layers;
    const auto layer = [&](auto step) {
        Exchange one(relation, changes, spi);
        step(one);
        layers.push_back(one.take());
    };
    layer(exchange_generated);
    layer([](Exchange &one) {
        drop_views(one);
        recreate_views(one);
    });
    layer(rules);
    layer(triggers);
    layer(policies);
    layer(functions);
    layer(publications);
    Dependents out = exchange.take();
    Actions first;
    for (auto each = layers.rbegin(); each != layers.rend(); ++each)
        std::move(each->before.begin(), each->before.end(), std::back_inserter(first));
    std::move(out.before.begin(), out.before.end(), std::back_inserter(first));
    out.before = std::move(first);
    for (Dependents &each : layers)
        std::move(each.after.begin(), each.after.end(), std::back_inserter(out.after));
    return out;
}

} // namespace gdpr::apply
