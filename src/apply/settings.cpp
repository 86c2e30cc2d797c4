// What ALTER TABLE … TYPE would refuse or forget: operator classes by name, storage, targets of statistics, and
// generated columns.
#include "apply/exchange.hpp"
#include "encrypted/type.hpp"

namespace gdpr::apply {

namespace {

/// The operator class for patterns of a type, as CREATE INDEX names it.
std::string pattern_class(Oid type) {
    const std::string name = pg::quote(pg::bare_type_name(type) + "_pattern_ops");
    return OidIsValid(pg::call([&] { return encrypted::plain_counterpart(type); })) ? "gdpr." + name : name;
}

char storage_of(Oid type) {
    return pg::call([&] { return get_typstorage(type); });
}

const char *storage_name(char storage) {
    switch (storage) {
    case TYPSTORAGE_PLAIN:
        return "PLAIN";
    case TYPSTORAGE_EXTERNAL:
        return "EXTERNAL";
    case TYPSTORAGE_MAIN:
        return "MAIN";
    default:
        return "EXTENDED";
    }
}

/// What the generated column is computed by, in the words of its new type.
std::string generation(const std::string &expression, const ColumnChange *change) {
    if (change == nullptr)
        return expression;
    if (const Oid plain = pg::call([&] { return encrypted::plain_counterpart(change->type); }); OidIsValid(plain))
        return "gdpr.sealed((" + expression + ")::" + pg::type_name(plain) + ")";
    constexpr std::string_view wrapper = "gdpr.sealed(";
    return expression.starts_with(wrapper) && expression.ends_with(")")
               ? expression.substr(wrapper.size(), expression.size() - wrapper.size() - 1)
               : expression;
}

/// The definition of an index, or of its constraint, with expressions as they were written.
std::string with_expressions(Exchange &exchange, Oid index, std::string definition) {
    const pg::Rows rows = exchange.about(
        index,
        "SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k.place::int, false), '(' || pg_catalog.pg_get_expr("
        "         gdpr.as_written(i.indexprs, (pg_catalog.row_number() OVER (ORDER BY k.place))::int), i.indrelid) || ')'"
        "  FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)"
        " WHERE i.indexrelid = $1 AND k.number = 0 AND gdpr.as_written(i.indexprs)::text <> i.indexprs::text"
        " ORDER BY k.place");
    std::size_t at = 0;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string shown = rows.text_or(row, 1), written = rows.text_or(row, 2);
        at = definition.find(shown, at);
        if (at == std::string::npos)
            break;
        definition.replace(at, shown.size(), written);
        at += written.size();
    }
    return definition;
}

} // namespace

std::string index_definition(Exchange &exchange, Oid index) {
    // Each key that names an operator class for patterns, in order; those of other columns are passed over.
    const pg::Rows keys = exchange.run(
        "SELECT pg_catalog.pg_get_indexdef(i.indexrelid), CASE n.nspname WHEN 'pg_catalog' THEN '' ELSE"
        "         pg_catalog.quote_ident(n.nspname) || '.' END || pg_catalog.quote_ident(o.opcname), a.attname,"
        "       i.indrelid IN (SELECT id FROM family)"
        "  FROM pg_catalog.pg_index i"
        "  CROSS JOIN ROWS FROM (pg_catalog.unnest(i.indkey::int2[]), pg_catalog.unnest(i.indclass::oid[]))"
        "    WITH ORDINALITY AS k(number, class, place)"
        "  LEFT JOIN pg_catalog.pg_opclass o ON o.oid = k.class AND o.opcname LIKE '%\\_pattern\\_ops'"
        "  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace"
        "  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number"
        " WHERE i.indexrelid = " +
        std::to_string(index) + " ORDER BY k.place");
    std::string definition = keys.text_or(0, 1);
    std::size_t at = 0;
    for (std::uint64_t row = 0; row < keys.size(); row++) {
        const auto shown = keys.text(row, 2);
        if (!shown)
            continue;
        at = definition.find(" " + *shown, at);
        if (at == std::string::npos)
            break;
        const ColumnChange *change = keys.boolean(row, 4) ? exchange.change(keys.text_or(row, 3)) : nullptr;
        const std::string wanted = change != nullptr ? pattern_class(change->type) : *shown;
        definition.replace(at + 1, shown->size(), wanted);
        at += 1 + wanted.size();
    }
    return with_expressions(exchange, index, std::move(definition));
}

void exchange_indexes(Exchange &exchange) {
    const pg::Rows rows = exchange.run(
        "SELECT i.indexrelid, i.indrelid, i.indisclustered, i.indisreplident, pg_catalog.obj_description(i.indexrelid, 'pg_class'),"
        "       (SELECT h.inhparent FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid),"
        "       (SELECT pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace)"
        "  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN family f ON f.id = i.indrelid"
        " WHERE gdpr.as_written(i.indexprs)::text <> i.indexprs::text AND NOT i.indisexclusion OR EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest(i.indkey::int2[]), pg_catalog.unnest(i.indclass::oid[])) AS k(number, class)"
        "   JOIN pg_catalog.pg_opclass o ON o.oid = k.class JOIN target t ON t.relation = i.indrelid AND t.number = k.number"
        "  WHERE o.opcname LIKE '%\\_pattern\\_ops')"
        " ORDER BY (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(i.indexrelid)), 1");
    const auto add = [&](const std::string &statement) { exchange.after("recreate index", statement); };
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const Oid index = rows.oid(row, 1), parent = rows.oid(row, 6);
        const std::string name = pg::relation_name(index), table = pg::relation_name(rows.oid(row, 2));
        const std::string bare = pg::quote(std::string(pg::call([&] { return get_rel_name(index); })));
        if (!OidIsValid(parent))
            exchange.before("drop index for a moment", "DROP INDEX " + name);
        add(index_definition(exchange, index));
        if (const auto space = rows.text(row, 7))
            add("ALTER INDEX " + name + " SET TABLESPACE " + *space);
        if (OidIsValid(parent))
            add("ALTER INDEX " + pg::relation_name(parent) + " ATTACH PARTITION " + name);
        if (const auto comment = rows.text(row, 5))
            add("COMMENT ON INDEX " + name + " IS " + pg::quote_literal(*comment));
        if (rows.boolean(row, 3))
            add("ALTER TABLE " + table + " CLUSTER ON " + bare);
        if (rows.boolean(row, 4))
            add("ALTER TABLE " + table + " REPLICA IDENTITY USING INDEX " + bare);
    }
}

void exchange_exclusions(Exchange &exchange) {
    // The definition of one over a plain column does not name operators by schema, so that it is read back with those
    // of the new type; over an encrypted one it does.
    const pg::Rows rows = exchange.run(
        "SELECT c.conrelid::pg_catalog.regclass::text, pg_catalog.quote_ident(c.conname),"
        "       pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(c.oid), 'OPERATOR\\(gdpr_operators\\.([^)]+)\\)', '\\1', 'g'),"
        "       pg_catalog.obj_description(c.oid, 'pg_constraint'), pg_catalog.obj_description(c.conindid, 'pg_class'),"
        "       c.conindid, i.indisclustered,"
        "       (SELECT pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = x.reltablespace)"
        "  FROM family f JOIN pg_catalog.pg_constraint c ON c.conrelid = f.id AND c.contype = 'x' AND c.conparentid = 0"
        "  JOIN pg_catalog.pg_index i ON i.indexrelid = c.conindid JOIN pg_catalog.pg_class x ON x.oid = c.conindid"
        " WHERE gdpr.as_written(i.indexprs)::text <> i.indexprs::text"
        "   OR EXISTS (SELECT FROM target t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.relation AND a.attnum = t.number"
        "   WHERE t.relation = c.conrelid AND t.number = ANY (i.indkey::int2[])"
        "     AND a.atttypid IN ('pg_catalog.varchar'::pg_catalog.regtype, 'gdpr.encrypted_varchar'::pg_catalog.regtype))"
        " ORDER BY 1, 2");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const Oid id = rows.oid(row, 6);
        const std::string table = rows.text_or(row, 1), name = rows.text_or(row, 2), index = pg::relation_name(id);
        const auto add = [&](const std::string &statement) {
            exchange.after("recreate exclusion constraint", statement);
        };
        exchange.before("drop exclusion constraint for a moment", "ALTER TABLE " + table + " DROP CONSTRAINT " + name);
        add("ALTER TABLE " + table + " ADD CONSTRAINT " + name + " " +
            with_expressions(exchange, id, rows.text_or(row, 3)));
        if (const auto comment = rows.text(row, 4))
            add("COMMENT ON CONSTRAINT " + name + " ON " + table + " IS " + pg::quote_literal(*comment));
        if (const auto comment = rows.text(row, 5))
            add("COMMENT ON INDEX " + index + " IS " + pg::quote_literal(*comment));
        if (const auto space = rows.text(row, 8))
            add("ALTER INDEX " + index + " SET TABLESPACE " + *space);
        if (rows.boolean(row, 7))
            add("ALTER TABLE " + table + " CLUSTER ON " + name);
    }
}

void exchange_checks(Exchange &exchange) {
    // Dropped from the parents down, where a child's own may only then go; added from the children up, where the
    // parents' find theirs.
    const pg::Rows rows = exchange.run(
        "SELECT c.conrelid::pg_catalog.regclass::text, pg_catalog.quote_ident(c.conname),"
        "       'CHECK (' || pg_catalog.pg_get_expr(w.tree, c.conrelid) || ')' || pg_catalog.substr(pg_catalog.pg_get_constraintdef(c.oid),"
        "          pg_catalog.length('CHECK (' || pg_catalog.pg_get_expr(c.conbin, c.conrelid) || ')') + 1),"
        "       pg_catalog.obj_description(c.oid, 'pg_constraint')"
        "  FROM used u JOIN pg_catalog.pg_constraint c ON c.oid = u.id AND c.contype = 'c' AND c.conislocal,"
        "       LATERAL (SELECT gdpr.as_written(c.conbin) AS tree) w"
        " WHERE w.tree::text <> c.conbin::text"
        " ORDER BY (WITH RECURSIVE up(id) AS (SELECT c.conrelid UNION ALL SELECT i.inhparent FROM up"
        "   JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.id) SELECT count(*) FROM up), 1, 2",
        "pg_constraint");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string table = "ALTER TABLE " + rows.text_or(row, 1);
        exchange.before("drop check for a moment", table + " DROP CONSTRAINT " + rows.text_or(row, 2));
    }
    for (std::uint64_t row = rows.size(); row-- > 0;) {
        const std::string table = rows.text_or(row, 1), name = rows.text_or(row, 2);
        exchange.after("recreate check",
                       "ALTER TABLE " + table + " ADD CONSTRAINT " + name + " " + rows.text_or(row, 3), true);
        if (const auto comment = rows.text(row, 4))
            exchange.after("recreate check",
                           "COMMENT ON CONSTRAINT " + name + " ON " + table + " IS " + pg::quote_literal(*comment));
    }
}

void exchange_statistics(Exchange &exchange) {
    const pg::Rows rows = exchange.run(
        "SELECT pg_catalog.format('%I.%I', n.nspname, s.stxname),"
        "       pg_catalog.substring(pg_catalog.pg_get_statisticsobjdef(s.oid), '^.*? ON ') || pg_catalog.concat_ws(', ',"
        "         (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)"
        "            FROM pg_catalog.pg_attribute a WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys::int2[])),"
        "         (SELECT pg_catalog.string_agg('(' || pg_catalog.pg_get_expr(gdpr.as_written(s.stxexprs, e::int), s.stxrelid) || ')', ', ' ORDER BY e)"
        "            FROM pg_catalog.unnest(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid)) WITH ORDINALITY AS x(text, e)))"
        "         || ' FROM ' || s.stxrelid::pg_catalog.regclass,"
        "       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.stxowner)), pg_catalog.obj_description(s.oid, 'pg_statistic_ext')"
        "  FROM used u JOIN pg_catalog.pg_statistic_ext s ON s.oid = u.id JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace"
        " WHERE gdpr.as_written(s.stxexprs)::text <> s.stxexprs::text ORDER BY 1",
        "pg_statistic_ext");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string name = rows.text_or(row, 1);
        const auto add = [&](const std::string &statement) { exchange.after("recreate statistics", statement); };
        exchange.before("drop statistics for a moment", "DROP STATISTICS " + name);
        add(rows.text_or(row, 2));
        add("ALTER STATISTICS " + name + " OWNER TO " + rows.text_or(row, 3));
        if (const auto comment = rows.text(row, 4))
            add("COMMENT ON STATISTICS " + name + " IS " + pg::quote_literal(*comment));
    }
}

void keep_settings(Exchange &exchange) {
    const pg::Rows rows = exchange.run(
        "SELECT t.relation, a.attname, a.attstorage::text, a.attcompression::text"
        "  FROM target t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.relation AND a.attnum = t.number ORDER BY 1, 2");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string column = rows.text_or(row, 2);
        const ColumnChange *change = exchange.change(column);
        const std::string alter =
            "ALTER TABLE ONLY " + pg::relation_name(rows.oid(row, 1)) + " ALTER COLUMN " + pg::quote(column) + " SET ";
        // The default of the one type becomes that of the other, and back: so what the owner set is told from it.
        const char old_default = storage_of(change->column.type), new_default = storage_of(change->type);
        const char storage = rows.text_or(row, 3).front();
        const char wanted = storage == old_default ? new_default : storage == new_default ? old_default : storage;
        if (wanted != new_default)
            exchange.after("keep column storage", alter + "STORAGE " + storage_name(wanted));
        if (const std::string method = rows.text_or(row, 4); !method.empty())
            exchange.after("keep column compression", alter + "COMPRESSION " + (method == "l" ? "lz4" : "pglz"));
    }
    // Indexes and statistics objects are made anew by ALTER TABLE, without their own targets and owners.
    const pg::Rows targets = exchange.run(
        "SELECT pg_catalog.format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', a.attrelid::pg_catalog.regclass, a.attnum, a.attstattarget)"
        "  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indexrelid"
        " WHERE a.attstattarget >= 0 AND EXISTS (SELECT FROM target t WHERE t.relation = i.indrelid) AND a.attnum > 0"
        " UNION ALL SELECT 'ALTER STATISTICS ' || s.name || x.setting FROM used u"
        "  JOIN pg_catalog.pg_statistic_ext e ON e.oid = u.id JOIN pg_catalog.pg_class c ON c.oid = e.stxrelid,"
        "  LATERAL (SELECT pg_catalog.format('%s.%I', e.stxnamespace::pg_catalog.regnamespace, e.stxname) AS name) s,"
        "  LATERAL (VALUES (CASE WHEN e.stxstattarget >= 0 THEN ' SET STATISTICS ' || e.stxstattarget END),"
        "   (CASE WHEN e.stxowner <> c.relowner THEN ' OWNER TO ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(e.stxowner)) END)) AS x(setting)"
        " WHERE x.setting IS NOT NULL ORDER BY 1",
        "pg_statistic_ext");
    exchange.after("keep statistics target", targets);
}

void exchange_generated(Exchange &exchange) {
    const pg::Rows rows = exchange.run(
        "SELECT a.attrelid, a.attname, pg_catalog.pg_get_expr(gdpr.as_written(d.adbin), d.adrelid), a.attinhcount = 0"
        "  FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
        " WHERE a.attgenerated = 's' AND (d.oid IN (SELECT id FROM used) OR"
        "   EXISTS (SELECT FROM target t WHERE t.relation = a.attrelid AND t.number = a.attnum)) ORDER BY 1, a.attnum",
        "pg_attrdef");
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string name = rows.text_or(row, 2), table = pg::relation_name(rows.oid(row, 1));
        if (rows.boolean(row, 4))
            exchange.before("keep generated column as it is for a moment",
                            "ALTER TABLE " + table + " ALTER COLUMN " + pg::quote(name) + " DROP EXPRESSION");
        exchange.after("generate column again",
                       "SELECT gdpr.generate_column(" + pg::quote_literal(table) + ", " + pg::quote_literal(name) +
                           ", " + pg::quote_literal(generation(rows.text_or(row, 3), exchange.change(name))) + ")");
    }
}

} // namespace gdpr::apply
