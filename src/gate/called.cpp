// Functions that the definitions of gated tables call.
#include "gate/guard.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"

using namespace gdpr;

void gate::refuse(Oid relation, const char *what) {
    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
              std::string("permission denied to ") + what + " " + pg::relation_name(relation),
              "It would read values that this role's channel does not see.", "Let a role do it that may see them.");
}

/// A function that a table's definition calls sees the rows as they are: a gated role may not give it another body.
GDPR_FUNCTION(gdpr_gate_guard_function) {
    (void)pg::event_of(fcinfo, "gdpr.gate_guard_function()");
    if (!pg::installed() || !gate::any_rules() || !gate::sight().gated || pg::in_owner_scope())
        PG_RETURN_VOID();
    std::vector<Oid> users;
    {
        pg::Spi spi;
        const pg::Rows found = spi.run(
            // It may be called by another function, or be an operator's.
            "WITH RECURSIVE changed(classid, objid) AS (SELECT classid, objid FROM pg_catalog.pg_event_trigger_ddl_commands()"
            "  WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass UNION SELECT d.classid, d.objid FROM changed c"
            "   JOIN pg_catalog.pg_depend d ON d.refclassid = c.classid AND d.refobjid = c.objid WHERE c.classid IN"
            "    ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass))"
            "SELECT DISTINCT coalesce(i.indrelid, a.adrelid, nullif(c.conrelid, 0), t.tgrelid, p.polrelid, k.partrelid, s.stxrelid, v.attrelid)"
            "  FROM changed d"
            "  LEFT JOIN pg_catalog.pg_index i ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = d.objid"
            "  LEFT JOIN pg_catalog.pg_partitioned_table k ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND k.partrelid = d.objid"
            "  LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid"
            "  LEFT JOIN pg_catalog.pg_constraint c ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = d.objid"
            // A check of a domain is run over whatever is stored of it.
            "  LEFT JOIN (pg_catalog.pg_attribute v JOIN pg_catalog.pg_class vc ON vc.oid = v.attrelid AND vc.relkind IN ('r', 'p', 'f', 'm'))"
            "   ON v.atttypid IN (WITH RECURSIVE made(id) AS (SELECT c.contypid WHERE c.contypid <> 0 UNION"
            "     SELECT t.oid FROM pg_catalog.pg_type t JOIN made ON t.typbasetype = made.id) SELECT id FROM made)"
            "  LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid"
            "  LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid"
            "  LEFT JOIN pg_catalog.pg_statistic_ext s ON d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND s.oid = d.objid");
        for (std::uint64_t row = 0; row < found.size(); row++)
            if (const Oid relation = found.oid(row, 1); OidIsValid(relation))
                users.push_back(relation);
    }
    const gate::Sight &now = gate::sight();
    for (const Oid relation : users)
        if (gate::gated(relation, now))
            gate::refuse(relation, "change a function that is called by the definition of");
    PG_RETURN_VOID();
}
