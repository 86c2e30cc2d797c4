// The portal: people see, correct and withdraw by themselves, by a link that was mailed to them.
#include "form/form.hpp"
#include "form/token.hpp"
#include "label/label.hpp"
#include "mail/outbox.hpp"
#include "mail/person.hpp"
#include "mail/render.hpp"
#include "mail/settings.hpp"
#include "pg/pg.hpp"
#include "rights/changes.hpp"
#include "rights/identifier.hpp"
#include "rights/person.hpp"
#include "subject/person.hpp"
#include "subject/same_person.hpp"

namespace gdpr::form {

namespace {

constexpr std::int64_t hours = 24; // that a link opens the portal

constexpr const char *address_template = "confirm_address";

TimestampTz until() { return GetCurrentTimestamp() + hours * USECS_PER_HOUR; }

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
    return {{"link", link("", issue(Use::portal, 0, mail.subject, until()))}};
}

/// Whose portal it is.
subject::Subject person_of(FunctionCallInfo fcinfo) {
    const Ticket ticket = present(Use::portal, pg::to_string(PG_GETARG_DATUM(0)));
    if (!ticket.person)
        refuse();
    return *ticket.person;
}

/// An identifier that nobody proves to be theirs.
bool unconfirmed(const std::string &text) {
    const rights::Identifier read = rights::identifier(text);
    return !read.value.empty() && read.kind != rights::Identifier::Kind::email;
}

/// What people correct by themselves is what the labels say is of them: not what they owe, nor what is made of their
/// data.
void check_columns(const subject::Collection &collection, const rights::Changes &all) {
    for (const auto &[place, rows] : all) {
        const Oid relation = collection.selections()[place].step.node;
        const label::Labels labels = label::of(relation);
        std::set<std::string> theirs, joining;
        for (const label::LabelledColumn &each : labels.columns) {
            if (each.label.data_class != label::ColumnLabel::Class::none && !each.label.derived)
                theirs.insert(each.name);
            if (each.label.same_person)
                joining.insert(each.name);
        }
        const auto refuse_column = [&](const std::string &column, const char *why) {
            pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
                      "column " + pg::relation_name(relation) + "." + pg::quote(column) + " cannot be corrected here",
                      why, "Ask for it to be rectified (Art. 16).");
        };
        for (const auto &[key, changes] : rows)
            for (const auto &[column, value] : changes) {
                if (!theirs.contains(column))
                    refuse_column(column, "It is not labelled personal or sensitive, or it is derived.");
                if (joining.contains(column) && unconfirmed(value.text.value_or("")))
                    refuse_column(column,
                                  "It tells whose rows are one person's, and only a mail address is confirmed.");
            }
    }
}

/// By column of the person's own row that is an identifier: does it hold a mail address now?
std::map<std::string, bool> identifiers_of(const subject::Subject &person) {
    std::map<std::string, bool> found;
    (void)subject::visit_row(person, [&](TupleTableSlot *row) {
        const rights::IdentifierColumns columns(person.table);
        for (std::size_t i = 0; i < columns.size(); i++) {
            const auto now = columns.read(i, row);
            found[columns.name(i)] = now && now->kind == rights::Identifier::Kind::email;
        }
    });
    return found;
}

/// The mail address that the changes bring and that the person did not have; none where they bring none.
std::optional<std::string> new_address(const subject::Subject &person, const rights::Changes &all,
                                       const std::set<std::string> &known) {
    const auto own = all.find(0); // the person's own row
    if (own == all.end())
        return std::nullopt;
    const std::map<std::string, bool> identifiers = identifiers_of(person);
    std::set<std::string> fresh;
    for (const auto &[key, changes] : own->second)
        for (const auto &[column, value] : changes) {
            const auto identifier = identifiers.find(column);
            if (identifier == identifiers.end())
                continue;
            const rights::Identifier read = rights::identifier(value.text.value_or(""));
            if (read.kind == rights::Identifier::Kind::email && !known.contains(read.value))
                fresh.insert(read.value);
            if (read.kind != rights::Identifier::Kind::email && identifier->second)
                pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "a mail address is corrected here to another one alone", "",
                          "Ask for it to be rectified or erased (Art. 16, 17).");
        }
    if (fresh.size() > 1)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "two addresses cannot be confirmed by one mail", "",
                  "Change one after the other.");
    return fresh.empty() ? std::nullopt : std::optional(*fresh.begin());
}

/// Addresses that are theirs no more are told: whoever took over the link, or the mailbox, must not go unseen.
void tell_former(const subject::Subject &person, const std::set<std::string> &before) {
    const bool there = subject::lock_person(person); // under this key
    const pg::StatementSnapshot snapshot;
    const std::set<std::string> now = there ? mail::addresses_of(person) : std::set<std::string>{};
    for (const std::string &each : before)
        if (!now.contains(each))
            (void)mail::queue({"address_changed", there ? std::optional(person) : std::nullopt, each, {}, {}, {}});
}

/// Says no more than that it did not work where the table speaks of other people's rows, and not at once: else whoever
/// has a link could try whose address is taken.
std::int64_t rectify(const subject::Subject &person, const pg::Param &json, const std::set<std::string> &addresses,
                     const char *reason) {
    std::int64_t rows = 0;
    const bool made = pg::attempt(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, [&] {
        const pg::OwnerScope scope(pg::gdpr_relation("token"));
        pg::Spi spi;
        rows = spi.run("SELECT gdpr.rectify($1, $2, $3, $4)",
                       {pg::param_oid(person.table), pg::param(person.key), json, pg::param(reason)})
                   .number(0, 1);
    });
    if (!made) {
        wait_in_line();
        pg::raise(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, "the correction could not be made", "",
                  "Ask for it to be made (Art. 16).");
    }
    tell_former(person, addresses);
    return rows;
}

/// Nothing is changed before whoever reads mail at the new address says so: a typing error would send what is held of
/// the person to a stranger.
void ask_new_address(const subject::Subject &person, const std::string &address, Datum json) {
    constexpr std::int64_t most = 3; // a day, to addresses that may be anybody's
    (void)page_or_default("");
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    pg::Spi spi;
    if (spi.run("SELECT pg_catalog.count(*) FROM gdpr.outbox WHERE subject_table = $1 AND key = $2 AND template = $3"
                " AND at > pg_catalog.now() - interval '1 day'",
                {pg::param_oid(person.table), pg::param(person.key), pg::param(address_template)})
            .number(0, 1) >= most)
        pg::raise(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "too many new addresses in one day", "", "Try again tomorrow.");
    const std::string parameters =
        spi.run("SELECT pg_catalog.jsonb_build_object('changes', $1)::pg_catalog.text", {pg::param(JSONBOID, json)})
            .text_or(0, 1);
    (void)mail::queue({address_template, person, address, {}, {}, parameters});
}

/// To the new address alone, whoever ordered the mail: nobody else can confirm it.
mail::Fields render_address(const mail::Rendering &mail) {
    std::optional<Datum> changes;
    std::string text;
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT p -> 'changes', p ->> 'changes' FROM (SELECT"
                                  " coalesce(nullif($1, ''), '{}')::pg_catalog.jsonb) AS j (p)",
                                  {pg::param(mail.parameters)});
    changes = rows.datum(0, 1);
    text = rows.text_or(0, 2);
    if (!mail.subject || !changes ||
        new_address(*mail.subject, rights::read_changes(rights::collect(*mail.subject), *changes),
                    mail::addresses_of(*mail.subject)) != mail.address)
        pg::raise(mail::undeliverable, "this mail was queued with no new address to confirm");
    return {{"link", link("", issue(Use::address, 0, mail.subject, until(), text))}};
}

/// Only the first click counts, and of several mails that wait only this.
void spend_all(const Ticket &ticket) {
    spend(ticket);
    const pg::OwnerScope scope(pg::gdpr_relation("token"));
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.token SET used_at = pg_catalog.now() WHERE subject_table = $1 AND key = $2"
                  " AND use = 'address' AND used_at IS NULL",
                  {pg::param_oid(ticket.person->table), pg::param(ticket.person->key)});
}

} // namespace

void init_portal() {
    for (const char *prefix : {"portal", "access", "rectification"})
        mail::on_render(prefix, render);
    mail::on_render(address_template, render_address);
}

} // namespace gdpr::form

using namespace gdpr;

GDPR_FUNCTION(gdpr_send_portal_link) {
    pg::require_role("gdpr_officer", "send a link to the portal");
    pg::refuse_nulls(fcinfo, {"subject_table", "key"});
    const subject::Subject person = subject::person_argument(fcinfo);
    subject::require_person(person);
    (void)mail::address_of(person);
    (void)form::page_or_default("");
    PG_RETURN_INT64(mail::queue({"portal", person, {}, {}, {}, {}}));
}

GDPR_FUNCTION(gdpr_self_access) {
    pg::refuse_nulls(fcinfo, {"token"});
    const subject::Subject person = form::person_of(fcinfo);
    const subject::OneRow alone; // the link proves no more than who reads the mail of this row
    const pg::OwnerScope scope(pg::gdpr_relation("token"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT gdpr.access($1, $2)", {pg::param_oid(person.table), pg::param(person.key)});
    return spi.keep(*rows.datum(0, 1), JSONBOID);
}

GDPR_FUNCTION(gdpr_self_rectify) {
    pg::refuse_nulls(fcinfo, {"token", "changes"});
    const subject::Subject person = form::person_of(fcinfo);
    pg::make_constraints_immediate();
    const Datum json = PG_GETARG_DATUM(1);
    const std::set<std::string> addresses = mail::addresses_of(person);
    {
        const subject::Collection collection = rights::collect(person);
        const rights::Changes changes = rights::read_changes(collection, json);
        form::check_columns(collection, changes);
        if (const auto address = form::new_address(person, changes, addresses)) {
            form::ask_new_address(person, *address, json);
            PG_RETURN_NULL();
        }
    }
    PG_RETURN_INT64(
        form::rectify(person, pg::param(JSONBOID, json), addresses, "by the person, by a link mailed to them"));
}

GDPR_FUNCTION(gdpr_self_confirm) {
    pg::refuse_nulls(fcinfo, {"token"});
    const form::Ticket ticket = form::present(form::Use::address, pg::to_string(PG_GETARG_DATUM(0)));
    if (!ticket.person || ticket.used || !subject::lock_person(*ticket.person))
        form::refuse();
    form::spend_all(ticket);
    pg::make_constraints_immediate();
    const pg::OwnerScope scope(pg::gdpr_relation("token"));
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT changes::pg_catalog.jsonb FROM gdpr.token WHERE id = $1", {pg::param(ticket.id)});
    PG_RETURN_INT64(form::rectify(*ticket.person, pg::param(JSONBOID, *rows.datum(0, 1)),
                                  mail::addresses_of(*ticket.person), "by the person, confirmed from the new address"));
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
