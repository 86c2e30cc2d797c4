// The portal: people see, correct and withdraw by themselves, by a link that was mailed to them.
#include "consent/person.hpp"
#include "form/form.hpp"
#include "form/token.hpp"
#include "label/label.hpp"
#include "mail/outbox.hpp"
#include "mail/settings.hpp"
#include "pg/pg.hpp"
#include "rights/changes.hpp"
#include "rights/person.hpp"

namespace gdpr::form {

namespace {

constexpr std::int64_t hours = 24; // that a link opens the portal

/// Is what is attached sealed for the person? Then whoever else reads the mail must not get it by a link either.
bool sealed(const mail::Rendering &mail) {
    pg::Spi spi;
    return spi.run("SELECT nullif($1, '')::pg_catalog.jsonb ? 'public_key'", {pg::param(mail.parameters)})
        .boolean(0, 1);
}

/// Every mail of these templates has its own link, if there is a page that it could lead to.
mail::Fields render(const mail::Rendering &mail) {
    if (!mail.subject || mail::settings().public_url.empty() || sealed(mail))
        return {};
    const TimestampTz until = GetCurrentTimestamp() + hours * USECS_PER_HOUR;
    return {{"link", link("", issue(Use::portal, 0, mail.subject, until))}};
}

/// Whose portal it is.
subject::Subject person_of(FunctionCallInfo fcinfo) {
    const Ticket ticket = present(Use::portal, pg::to_string(PG_GETARG_DATUM(0)));
    if (!ticket.person)
        refuse();
    return *ticket.person;
}

/// What people correct by themselves is what the labels say is of them: not what they owe, nor what is made of their
/// data.
void check_columns(const subject::Subject &person, Datum json) {
    const subject::Collection collection = rights::collect(person);
    for (const auto &[place, rows] : rights::read_changes(collection, json)) {
        const Oid relation = collection.selections()[place].step.node;
        const label::Labels labels = label::of(relation);
        std::set<std::string> theirs;
        for (const label::LabelledColumn &each : labels.columns)
            if (each.label.data_class != label::ColumnLabel::Class::none && !each.label.derived)
                theirs.insert(each.name);
        for (const auto &[key, changes] : rows)
            for (const auto &[column, value] : changes)
                if (!theirs.contains(column))
                    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
                              "column " + pg::relation_name(relation) + "." + pg::quote(column) +
                                  " cannot be corrected here",
                              "It is not labelled personal or sensitive, or it is derived.",
                              "Ask for it to be rectified (Art. 16).");
    }
}

/// Says no more than that it did not work where the table speaks of other people's rows, and not at once: else whoever
/// has a link could try whose address is taken.
std::int64_t rectify(const subject::Subject &person, Datum json) {
    check_columns(person, json);
    std::int64_t rows = 0;
    const bool made = pg::attempt(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, [&] {
        const pg::OwnerScope scope(pg::gdpr_relation("token"));
        pg::Spi spi;
        rows = spi.run("SELECT gdpr.rectify($1, $2, $3, 'by the person, by a link mailed to them')",
                       {pg::param_oid(person.table), pg::param(person.key), pg::param(JSONBOID, json)})
                   .number(0, 1);
    });
    if (made)
        return rows;
    wait_in_line();
    pg::raise(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, "the correction could not be made", "",
              "Ask for it to be made (Art. 16).");
}

} // namespace

void init_portal() {
    for (const char *prefix : {"portal", "access", "rectification"})
        mail::on_render(prefix, render);
}

} // namespace gdpr::form

using namespace gdpr;

GDPR_FUNCTION(gdpr_send_portal_link) {
    pg::require_role("gdpr_officer", "send a link to the portal");
    pg::refuse_nulls(fcinfo, {"subject_table", "key"});
    const subject::Subject person = consent::person_argument(fcinfo);
    consent::require_person(person);
    PG_RETURN_INT64(mail::queue({"portal", person, {}, {}, {}, {}}));
}

GDPR_FUNCTION(gdpr_self_access) {
    pg::refuse_nulls(fcinfo, {"token"});
    const subject::Subject person = form::person_of(fcinfo);
    const pg::OwnerScope scope(pg::gdpr_relation("token"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT gdpr.access($1, $2)", {pg::param_oid(person.table), pg::param(person.key)});
    return spi.keep(*rows.datum(0, 1), JSONBOID);
}

GDPR_FUNCTION(gdpr_self_rectify) {
    pg::refuse_nulls(fcinfo, {"token", "changes"});
    const subject::Subject person = form::person_of(fcinfo);
    pg::make_constraints_immediate();
    PG_RETURN_INT64(form::rectify(person, PG_GETARG_DATUM(1)));
}

GDPR_FUNCTION(gdpr_self_withdraw) {
    pg::refuse_nulls(fcinfo, {"token", "purpose"});
    const subject::Subject person = form::person_of(fcinfo);
    const std::string purpose = pg::to_string(PG_GETARG_DATUM(1));
    const pg::OwnerScope scope(pg::gdpr_relation("token"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT gdpr.withdraw_consent($1, $2, $3, '{\"source\": \"portal\"}')",
                                  {pg::param_oid(person.table), pg::param(person.key), pg::param(purpose)});
    if (!rows.datum(0, 1))
        PG_RETURN_NULL();
    PG_RETURN_INT64(rows.number(0, 1));
}
