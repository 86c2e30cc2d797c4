// What stands in the way and cannot be taken aside.
#include "apply/exchange.hpp"

namespace gdpr::apply {

void refuse_obstacles(Oid relation, const std::vector<ColumnChange> &changes, pg::Spi &spi) {
    Exchange exchange(relation, changes, spi);
    const auto first = [&](const pg::Rows &rows, const std::string &reason, const std::string &hint) {
        if (!rows.empty())
            pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                      rows.text_or(0, 1) + " stands in the way of changing columns of " + pg::relation_name(relation),
                      reason, hint);
    };
    first(exchange.run("SELECT 'type ' || pg_catalog.format_type(c.reloftype, NULL) FROM family f"
                       "  JOIN pg_catalog.pg_class c ON c.oid = f.id AND c.reloftype <> 0 ORDER BY 1"),
          "PostgreSQL cannot change the columns of a table that is made of a type.",
          "ALTER TABLE … NOT OF, apply, and make the type anew for what else uses it.");
    first(
        exchange.run("SELECT 'partition key of ' || t.relation::pg_catalog.regclass::text FROM target t"
                     "  JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = t.relation"
                     " WHERE t.number = ANY (p.partattrs::int2[]) OR EXISTS (SELECT FROM pg_catalog.pg_depend d"
                     "   WHERE d.objid = t.relation AND d.refobjid = t.relation AND d.refobjsubid = t.number"
                     "     AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i') ORDER BY 1"),
        "PostgreSQL cannot change the type of a column that rows are routed by.",
        "Partition by another column, or create the table anew with the encrypted type.");
    // Encrypted types have default operator classes for btree, hash and brin, and those for patterns.
    first(
        exchange.run(
            "SELECT 'index ' || i.indexrelid::pg_catalog.regclass::text FROM target t"
            "  JOIN pg_catalog.pg_index i ON i.indrelid = t.relation JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
            "  JOIN pg_catalog.pg_am m ON m.oid = c.relam,"
            "  ROWS FROM (pg_catalog.unnest(i.indkey::int2[]), pg_catalog.unnest(i.indclass::oid[])) AS k(number, class)"
            "  LEFT JOIN pg_catalog.pg_opclass o ON o.oid = k.class"
            " WHERE k.number = t.number AND k.class IS NOT NULL"
            "   AND NOT (o.opcdefault AND m.amname IN ('btree', 'hash', 'brin')"
            "         OR m.amname = 'btree' AND o.opcname ~ '^(encrypted_)?(text|varchar|bpchar)_pattern_ops$')"
            " ORDER BY 1"),
        "Encrypted columns can be indexed by btree, hash and brin, with the default operator class or that for patterns.",
        "Drop the index, or make it again with the default operator class; for a field of a document, on gdpr.sealed(doc ->> 'key').");
}

} // namespace gdpr::apply
