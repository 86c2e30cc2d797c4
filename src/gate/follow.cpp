// What changes its name or goes: rules follow, and a column whose foreign key goes would be gated no longer.
#include "gate/guard.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"

namespace gdpr::gate {

namespace {

/// Gated columns whose foreign keys the statement drops, by their relations.
std::vector<std::pair<Oid, AttrNumber>> freed;

} // namespace

std::vector<Oid> tables_of_type(const RangeVar *name) {
    const Oid type = pg::named_relation(name);
    std::vector<Oid> out;
    pg::Spi spi;
    const pg::Rows found =
        spi.run("SELECT t.oid FROM pg_catalog.pg_class t JOIN pg_catalog.pg_class c ON c.reltype = t.reloftype"
                " WHERE c.oid = $1 AND c.relkind = 'c'",
                {pg::param_oid(type)});
    for (std::uint64_t row = 0; row < found.size(); row++)
        out.push_back(found.oid(row, 1));
    return out;
}

void follow_rename(const RenameStmt &statement) {
    const Oid table = pg::gdpr_relation("gate_rule");
    if ((statement.renameType != OBJECT_COLUMN && statement.renameType != OBJECT_ATTRIBUTE) ||
        statement.subname == nullptr || !OidIsValid(table))
        return;
    std::vector<Oid> renamed = {pg::named_relation(statement.relation)};
    if (statement.renameType == OBJECT_ATTRIBUTE)
        renamed = tables_of_type(statement.relation);
    const std::string from = statement.subname, to = statement.newname;
    const pg::OwnerScope scope(table);
    pg::Spi spi;
    for (const Oid relation : renamed)
        (void)spi.run(
            "UPDATE gdpr.gate_rule SET column_name = $1 WHERE column_name = $2 AND (relation = $3 OR relation IN"
            " (WITH RECURSIVE heir(id) AS (SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = $3"
            "  UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN heir h ON i.inhparent = h.id)"
            "  SELECT id FROM heir))",
            {pg::param(to), pg::param(from), pg::param_oid(relation)});
}

void note_constraint_drop(Oid constraint) {
    Oid relation = InvalidOid;
    std::vector<AttrNumber> columns;
    HeapTuple tuple = pg::call([&] { return SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint)); });
    if (!HeapTupleIsValid(tuple))
        return;
    if (const auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        form->contype == CONSTRAINT_FOREIGN) {
        relation = form->conrelid;
        const ArrayType *keys = pg::call([&] {
            bool null;
            return DatumGetArrayTypePCopy(SysCacheGetAttr(CONSTROID, tuple, Anum_pg_constraint_conkey, &null));
        });
        const auto *numbers = reinterpret_cast<const AttrNumber *>(ARR_DATA_PTR(keys));
        columns.assign(numbers, numbers + ARR_DIMS(keys)[0]);
    }
    pg::call([&] { ReleaseSysCache(tuple); });
    const Sight &now = sight();
    for (const AttrNumber each : columns)
        if (verdict(relation, each, now).gated())
            freed.emplace_back(relation, each);
}

void forget_freed() noexcept { freed.clear(); }

void refuse_freed() {
    for (const auto &[relation, column] : std::exchange(freed, {}))
        if (pg::call([&, its = relation, number = column] { return OidIsValid(get_atttype(its, number)); }) &&
            !verdict(relation, column, sight()).gated())
            refuse(relation, "drop foreign keys of gated columns of");
}

} // namespace gdpr::gate

using namespace gdpr;

/// Rules go with their column: its number, or its name, may become another's.
GDPR_FUNCTION(gdpr_gate_follow) {
    (void)pg::event_of(fcinfo, "gdpr.gate_follow()");
    const Oid table = pg::installed() ? pg::gdpr_relation("gate_rule") : InvalidOid;
    if (!OidIsValid(table) || !gate::any_rules())
        PG_RETURN_VOID();
    if (gate::sight().gated)
        gate::refuse_freed();
    gate::forget_freed();
    std::vector<std::pair<Oid, std::string>> gone;
    {
        pg::Spi spi;
        const pg::Rows dropped = spi.run("SELECT objid, CASE WHEN objsubid <> 0 THEN address_names[3] END"
                                         "  FROM pg_catalog.pg_event_trigger_dropped_objects()"
                                         " WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass");
        for (std::uint64_t row = 0; row < dropped.size(); row++)
            gone.emplace_back(dropped.oid(row, 1), dropped.text_or(row, 2));
    }
    const pg::OwnerScope scope(table);
    pg::Spi spi;
    for (const auto &[relation, column] : gone)
        (void)spi.run("DELETE FROM gdpr.gate_rule WHERE relation = $1 AND $2 IN ('', column_name)",
                      {pg::param_oid(relation), pg::param(column)});
    PG_RETURN_VOID();
}
