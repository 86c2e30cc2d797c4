// Labels that were taken away: the way back to plain begins with it, and a label leaves no trace in the catalogs. A
// copy of an encrypted table never had one.
#include "apply/unlabelled.hpp"

#include "encrypted/type.hpp"
#include "pg/event_trigger.hpp"
#include "pg/pg.hpp"

namespace gdpr::apply {

namespace {

void note(const SecLabelStmt &statement) {
    if (statement.label != nullptr || statement.objtype != OBJECT_COLUMN ||
        (statement.provider != nullptr && std::string_view(statement.provider) != "gdpr"))
        return;
    const ObjectAddress column = pg::named_object(statement);
    if (!OidIsValid(column.objectId) || column.objectSubId <= 0)
        return;
    const auto number = static_cast<AttrNumber>(column.objectSubId);
    if (!pg::call([&] {
            return OidIsValid(encrypted::plain_counterpart(get_atttype(column.objectId, number))) &&
                   GetSecurityLabel(&column, "gdpr") != nullptr;
        }))
        return;
    const pg::OwnerScope scope(pg::gdpr_relation("unlabelled_column"));
    pg::Spi spi;
    (void)spi.run("INSERT INTO gdpr.unlabelled_column SELECT attrelid, attname FROM pg_catalog.pg_attribute"
                  " WHERE attrelid = $1 AND attnum = $2 ON CONFLICT DO NOTHING",
                  {pg::param(OIDOID, ObjectIdGetDatum(column.objectId)), pg::param(INT2OID, Int16GetDatum(number))});
}

} // namespace

bool has_unlabelled(Oid relation, pg::Spi &spi) {
    return !spi.run("SELECT FROM gdpr.unlabelled_column WHERE relation = $1 LIMIT 1",
                    {pg::param(OIDOID, ObjectIdGetDatum(relation))})
                .empty();
}

void forget_unlabelled() {
    const pg::OwnerScope scope(pg::gdpr_relation("unlabelled_column"));
    pg::Spi spi;
    (void)spi.run(
        "DELETE FROM gdpr.unlabelled_column u WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a"
        " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = u.relation AND a.attname = u.column_name"
        " AND t.typnamespace = 'gdpr'::pg_catalog.regnamespace)");
}

} // namespace gdpr::apply

using namespace gdpr;

GDPR_FUNCTION(gdpr_note_unlabelled) {
    const EventTriggerData &event = pg::event_of(fcinfo, "gdpr.note_unlabelled()");
    if (pg::installed() && IsA(event.parsetree, SecLabelStmt))
        apply::note(*reinterpret_cast<const SecLabelStmt *>(event.parsetree));
    PG_RETURN_VOID();
}
