// gdpr.optin_confirm(token, address): the person of the mail says yes, and is stored.
#include "form/form.hpp"
#include "form/optin_form.hpp"
#include "form/token.hpp"
#include "pg/pg.hpp"
#include "rights/blocklist.hpp"
#include "rights/find.hpp"
#include "rights/hits.hpp"
#include "rights/person.hpp"
#include "subject/person.hpp"

namespace gdpr::form {

namespace {

struct Submission {
    std::string form, origin;
    Datum payload = 0;
    std::optional<std::string> key; // of whoever confirmed it before
};

/// With `lock` held until the transaction ends, so that of two confirmations the second meets what the first did.
Submission open_submission(const Ticket &ticket, bool lock) {
    std::optional<Submission> found;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
        pg::Spi spi;
        const pg::Rows rows =
            spi.run(std::string("SELECT form, payload::pg_catalog.jsonb, CASE WHEN confirmed_at IS NOT NULL"
                                " THEN key::text END, coalesce(address::text, '') FROM gdpr.optin_submission"
                                " WHERE id = $1 AND expires_at > pg_catalog.now()") +
                        (lock ? " FOR UPDATE" : ""),
                    {pg::param(ticket.reference)});
        if (!rows.empty()) {
            found = Submission{rows.text_or(0, 1), rows.text_or(0, 4), 0, rows.text(0, 3)};
            if (const auto payload = rows.datum(0, 2))
                found->payload = spi.keep(*payload, JSONBOID);
        }
    }
    if (!found || (found->payload == 0 && !found->key))
        refuse();
    return *found;
}

/// Two submissions of one address come one after the other.
void queue_up(const std::string &email_hash) {
    std::int64_t lock;
    std::memcpy(&lock, email_hash.data(), sizeof lock);
    const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
    pg::Spi spi;
    (void)spi.run("SELECT pg_catalog.pg_advisory_xact_lock($1)", {pg::param(lock)});
}

void set_source(const char *parameter, const std::string &value) {
    pg::call([&] {
        (void)set_config_option(parameter, value.c_str(), superuser() ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION,
                                GUC_ACTION_SAVE, true, 0, false);
    });
}

/// Stores the person as the table's owner; returns their key.
std::string insert(const OptinForm &form, const Submission &submission, const Payload &payload) {
    const pg::OwnerScope scope(form.target);
    // Until the scope ends.
    set_source("gdpr.source_kind", "webform");
    set_source("gdpr.source_name", form.name);
    set_source("gdpr.source_address", submission.origin);
    const pg::PinnedFormats formats;
    std::string columns, places, key;
    std::vector<pg::Param> values;
    for (const auto &[name, value] : payload.values) {
        values.push_back(rights::value_for(form.target, name, value));
        columns += (columns.empty() ? "" : ", ") + pg::quote(name);
        places += (places.empty() ? "$" : ", $") + std::to_string(values.size());
    }
    const std::vector<pg::Column> key_columns = subject::key_columns(form.target);
    for (const pg::Column &column : key_columns)
        key += (key.empty() ? "t." : ", t.") + pg::quote(column.name) +
               "::" + pg::type_name(rights::travelling_type(column.type));
    pg::Spi spi;
    const pg::Rows rows = spi.run("INSERT INTO " + pg::relation_name(form.target) + " AS t (" + columns + ") VALUES (" +
                                      places + ") RETURNING " + key,
                                  values);
    if (rows.size() != 1)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a trigger or a rule of the table prevented it");
    std::vector<std::optional<std::string>> texts;
    for (std::size_t i = 0; i < key_columns.size(); i++)
        texts.push_back(rows.text(0, static_cast<int>(i) + 1));
    return subject::subject(form.target, subject::key_text(texts)).key;
}

bool may_repeat(const pg::Error &error) {
    const int category = ERRCODE_TO_CATEGORY(error.sqlstate());
    return category == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||
           category == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
           category == ERRCODE_TO_CATEGORY(ERRCODE_LOCK_NOT_AVAILABLE);
}

/// What the table says of other people, such as that a telephone number is taken, is for the log.
std::string insert_discreetly(const OptinForm &form, const Submission &submission, const Payload &payload) {
    const std::string table = pg::relation_name(form.target);
    std::string why;
    try {
        return insert(form, submission, payload);
    } catch (const pg::Error &error) {
        if (may_repeat(error))
            throw;
        const ErrorData *data = error.data();
        why =
            std::string("SQLSTATE ") + unpack_sql_state(error.sqlstate()) +
            (data != nullptr && data->constraint_name != nullptr ? std::string(", constraint ") + data->constraint_name
                                                                 : std::string());
    }
    pg::call([&] {
        ereport(LOG_SERVER_ONLY, (errmsg("a confirmed submission could not be stored in %s", table.c_str()),
                                  errdetail("%s", why.c_str())));
    });
    pg::raise(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, "the submission could not be stored",
              "What was filled in does not go together with what is there.", "The server log says why.");
}

/// Whoever asked to be forgotten has agreed anew. Of what they filled in only the address is proven to be theirs.
void lift_block(const OptinForm &form, const rights::Identifier &identifier) {
    if (rights::blocklist_empty() || !rights::blocked(identifier))
        return;
    rights::note_hit(form.target, form.email_column, "lift");
    (void)rights::unblock({identifier}, "confirmed opt-in by form " + form.name);
    pg::call([] {
        ereport(WARNING, (errmsg("this person had asked to be forgotten"),
                          errdetail("Their confirmed opt-in lifted the block of their e-mail address.")));
    });
}

/// Consent with both steps as evidence.
void consent_to(const subject::Subject &person, const std::string &purpose, const Ticket &ticket,
                const pg::Param &address) {
    const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
    const pg::PinnedFormats formats;
    pg::Spi spi;
    (void)spi.run(
        "SELECT gdpr.give_consent($1, $2, $3, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object("
        "'wording', w.wording, 'version', s.content ->> 'version', 'hash', pg_catalog.encode(pg_catalog.sha256("
        "pg_catalog.convert_to(w.wording, 'UTF8')), 'hex'), 'locale', nullif(s.content ->> 'locale', ''),"
        " 'source', 'double opt-in', 'form', s.form, 'address', s.address::text, 'agent', s.agent::text,"
        " 'submitted', pg_catalog.jsonb_build_object('at', s.at, 'address', s.address::text, 'agent', s.agent::text),"
        " 'confirmed', pg_catalog.jsonb_build_object('at', pg_catalog.now(), 'address', pg_catalog.host($5))))"
        " || coalesce((SELECT pg_catalog.jsonb_object_agg(e.key, e.value) FROM pg_catalog.jsonb_each("
        "s.payload::pg_catalog.jsonb) AS e WHERE e.key IN ('born', 'age', 'adult', 'parent')), '{}'))"
        " FROM gdpr.optin_submission s, LATERAL (SELECT s.content -> 'wordings' ->> $3 AS wording) w WHERE s.id = $4",
        {pg::param_oid(person.table), pg::param(person.key), pg::param(purpose), pg::param(ticket.reference), address});
}

void close(const Ticket &ticket, const subject::Subject &person) {
    const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
    pg::Spi spi;
    (void)spi.run("UPDATE gdpr.optin_submission SET confirmed_at = pg_catalog.now(), payload = NULL, address = NULL,"
                  " agent = NULL, subject_table = $2, key = $3 WHERE id = $1",
                  {pg::param(ticket.reference), pg::param_oid(person.table), pg::param(person.key)});
}

/// Those of the target who have the address, their rows locked.
std::vector<subject::Subject> people_of(const OptinForm &form, const std::string &email) {
    std::vector<subject::Subject> people;
    {
        const pg::StatementSnapshot now;
        people = rights::holders(form.target, email_column(form), email);
    }
    std::erase_if(
        people, [&](const subject::Subject &each) { return each.table != form.target || !subject::lock_person(each); });
    return people;
}

std::string confirm(const Ticket &ticket, const pg::Param &address) {
    Submission submission = open_submission(ticket, false);
    if (submission.key)
        return *submission.key; // the second click
    const OptinForm form = optin_form(submission.form);
    const Payload payload = read_payload(form, submission.payload);
    const rights::Identifier identifier = rights::identifier(payload.email);
    queue_up(pending_hash("email", identifier.value));
    // The person before the submission, as erasure does.
    std::vector<subject::Subject> people = people_of(form, payload.email);
    submission = open_submission(ticket, true);
    if (submission.key)
        return *submission.key; // the other of two clicks was quicker
    lift_block(form, identifier);
    if (people.empty())
        people.push_back({form.target, insert_discreetly(form, submission, payload)});
    for (const subject::Subject &person : people)
        for (const std::string &purpose : payload.purposes)
            consent_to(person, purpose, ticket, address);
    spend(ticket);
    close(ticket, people.front());
    return people.front().key;
}

} // namespace

} // namespace gdpr::form

using namespace gdpr;

GDPR_FUNCTION(gdpr_optin_confirm) {
    pg::refuse_nulls(fcinfo, {"token"});
    const form::Ticket ticket = form::present(form::Use::optin, pg::to_string(PG_GETARG_DATUM(0)));
    pg::make_constraints_immediate();
    return pg::text_datum(
        form::confirm(ticket, PG_ARGISNULL(1) ? pg::null_param(INETOID) : pg::param(INETOID, PG_GETARG_DATUM(1))));
}
