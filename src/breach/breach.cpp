// Breaches as they become known, and what is found out about them.
#include "breach/breach.hpp"

#include "pg/pg.hpp"
#include "request/history.hpp"
#include "rights/format.hpp"
#include "subject/personal.hpp"

namespace gdpr::breach {

namespace {

std::string required(FunctionCallInfo fcinfo, int argument, const char *name) {
    return history::words(fcinfo, argument, name, "Say it in words: it is part of the register (Art. 33(5)).");
}

std::optional<std::string> given(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? std::nullopt : std::optional(pg::to_string(PG_GETARG_DATUM(argument)));
}

std::optional<std::string> given_name(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? std::nullopt : std::optional<std::string>(NameStr(*PG_GETARG_NAME(argument)));
}

pg::Param given_as(FunctionCallInfo fcinfo, int argument, Oid type) {
    return PG_ARGISNULL(argument) ? pg::null_param(type) : pg::param(type, PG_GETARG_DATUM(argument));
}

/// Nobody becomes aware of what has not begun, nor of anything in the future.
void check_times(const pg::Param &aware_at, const pg::Param &period) {
    const pg::OwnerScope scope(pg::gdpr_relation("breach"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT $1 > pg_catalog.clock_timestamp() OR NOT pg_catalog.isfinite($1),"
                                  " pg_catalog.isempty($2), coalesce(pg_catalog.lower($2) > $1, false)",
                                  {aware_at, period}, true);
    if (rows.boolean(0, 1))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "nobody is aware of a breach in the future",
                  "The 72 hours run from when the controller became aware of it (Art. 33(1)).");
    if (rows.boolean(0, 2))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the period of the breach is empty", "",
                  "Leave out the end while it lasts, and the beginning where it is not known: '(,2026-03-02]'.");
    if (rows.boolean(0, 3))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the breach would begin after the controller became aware of it");
}

void change(std::int64_t id, const std::string &assignments, const std::vector<pg::Param> &params) {
    history::change("breach", id, assignments, params);
}

Breach argument(FunctionCallInfo fcinfo, const char *doing) {
    pg::require_role("gdpr_officer", doing);
    pg::refuse_nulls(fcinfo, {"id"});
    return breach(PG_GETARG_INT64(0), true);
}

/// What stands there now, for the history: an amendment must not make it unseen.
std::string before(const Breach &breach) {
    std::map<std::string, std::string> was;
    const auto add = [&](const char *name, const std::optional<std::string> &value) {
        if (value)
            was[name] = rights::json_string(*value);
    };
    add("description", breach.description);
    add("period", breach.period_text);
    add("suspect", breach.suspect);
    add("address", breach.address);
    add("consequences", breach.consequences);
    add("measures", breach.measures);
    add("advice", breach.advice);
    return rights::json_object(was);
}

} // namespace

Breach breach(std::int64_t id, bool to_change) {
    Breach found;
    found.id = id;
    const pg::OwnerScope scope(pg::gdpr_relation("breach"));
    const pg::PinnedFormats formats;
    pg::Spi spi;
    const pg::Rows rows = spi.run(
        std::string("SELECT description::pg_catalog.text, consequences::pg_catalog.text, measures::pg_catalog.text,"
                    " advice::pg_catalog.text, delay_reason::pg_catalog.text, risk, suspect::pg_catalog.text,"
                    " address::pg_catalog.text, period, relations, aware_at, period,"
                    " authority_at IS NOT NULL, subjects_at IS NOT NULL, no_notice_reason IS NOT NULL,"
                    " closed_at IS NOT NULL FROM gdpr.breach WHERE id = $1") +
            (to_change ? " FOR UPDATE" : ""),
        {pg::param(id)}, !to_change);
    if (rows.empty())
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such breach", "", "See gdpr.breach_register.");
    found.description = rows.text_or(0, 1);
    found.consequences = rows.text(0, 2);
    found.measures = rows.text(0, 3);
    found.advice = rows.text(0, 4);
    found.delay_reason = rows.text(0, 5);
    found.risk = rows.text(0, 6);
    found.suspect = rows.text(0, 7);
    found.address = rows.text(0, 8);
    found.period = pg::param(TSTZRANGEOID, spi.keep(*rows.datum(0, 9), TSTZRANGEOID));
    const auto relations = rows.datum(0, 10);
    found.relations = relations ? pg::param(REGCLASSARRAYOID, spi.keep(*relations, REGCLASSARRAYOID))
                                : pg::null_param(REGCLASSARRAYOID);
    found.aware_at = rows.text_or(0, 11);
    found.period_text = rows.text_or(0, 12);
    found.authority_told = rows.boolean(0, 13);
    found.subjects_told = rows.boolean(0, 14);
    found.subjects_waived = rows.boolean(0, 15);
    found.closed = rows.boolean(0, 16);
    if (to_change && found.closed)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the breach is closed", "",
                  "What becomes known later is a breach of its own: gdpr.open_breach().");
    return found;
}

void record_event(std::int64_t breach, std::string_view event, const std::optional<std::string> &note) {
    history::record("breach", breach, event, note);
}

void init() {
    subject::keep_of_people({"breach_notice", std::vector<std::string>{}});
    init_letter();
}

} // namespace gdpr::breach

using namespace gdpr;

GDPR_FUNCTION(gdpr_open_breach) {
    pg::require_role("gdpr_officer", "open a breach");
    pg::refuse_nulls(fcinfo, {"description", "aware_at", "period"});
    const std::string description = breach::required(fcinfo, 0, "description");
    const pg::Param aware_at = breach::given_as(fcinfo, 1, TIMESTAMPTZOID);
    const pg::Param period = breach::given_as(fcinfo, 2, TSTZRANGEOID);
    breach::check_times(aware_at, period);
    std::int64_t id = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("breach"));
        pg::Spi spi;
        id = spi.run("INSERT INTO gdpr.breach (description, aware_at, period, suspect, address, relations)"
                     " VALUES ($1, $2, $3, $4::pg_catalog.name, $5, $6) RETURNING id",
                     {pg::param(description), aware_at, period, pg::param_or_null(breach::given_name(fcinfo, 3)),
                      breach::given_as(fcinfo, 4, INETOID), breach::given_as(fcinfo, 5, REGCLASSARRAYOID)})
                 .number(0, 1);
    }
    breach::record_event(id, "opened");
    PG_RETURN_INT64(id);
}

GDPR_FUNCTION(gdpr_amend_breach) {
    const breach::Breach known = breach::argument(fcinfo, "amend a breach");
    const pg::Param period = PG_ARGISNULL(2) ? known.period : breach::given_as(fcinfo, 2, TSTZRANGEOID);
    breach::check_times(pg::param(TIMESTAMPTZOID, pg::call([&] {
                                      return DirectFunctionCall3(timestamptz_in,
                                                                 CStringGetDatum(known.aware_at.c_str()),
                                                                 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
                                  })),
                        period);
    breach::record_event(known.id, "amended", breach::before(known));
    breach::change(known.id,
                   "description = coalesce($2, description::pg_catalog.text), period = $3,"
                   " consequences = coalesce($4, consequences::pg_catalog.text),"
                   " measures = coalesce($5, measures::pg_catalog.text),"
                   " advice = coalesce($6, advice::pg_catalog.text),"
                   " suspect = coalesce($7::pg_catalog.name, suspect), address = coalesce($8, address),"
                   " relations = coalesce($9, relations)",
                   {pg::param_or_null(breach::given(fcinfo, 1)), period, pg::param_or_null(breach::given(fcinfo, 3)),
                    pg::param_or_null(breach::given(fcinfo, 4)), pg::param_or_null(breach::given(fcinfo, 5)),
                    pg::param_or_null(breach::given_name(fcinfo, 6)), breach::given_as(fcinfo, 7, INETOID),
                    breach::given_as(fcinfo, 8, REGCLASSARRAYOID)});
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_assess_breach) {
    const breach::Breach known = breach::argument(fcinfo, "assess a breach");
    const std::string risk = breach::required(fcinfo, 1, "risk");
    const std::string assessment = breach::required(fcinfo, 2, "assessment");
    if (risk != "unlikely" && risk != "risk" && risk != "high")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "there is no such risk", "It is unlikely, risk or high.");
    breach::change(known.id, "risk = $2, assessment = $3", {pg::param(risk), pg::param(assessment)});
    breach::record_event(known.id, "assessed", risk + ": " + assessment);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_record_authority_notice) {
    const breach::Breach known = breach::argument(fcinfo, "record that the authority was notified");
    pg::refuse_nulls(fcinfo, {"id", "at"});
    const pg::Param at = breach::given_as(fcinfo, 1, TIMESTAMPTZOID);
    const auto reason = breach::given(fcinfo, 3);
    if (known.authority_told)
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the authority was notified before", "",
                  "What becomes known later is given in phases (Art. 33(4)): gdpr.amend_breach(), and a new letter.");
    bool late = false, impossible = false;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("breach"));
        pg::Spi spi;
        const pg::Rows rows = spi.run("SELECT $2 > aware_at + interval '72 hours', $2 < aware_at OR"
                                      " $2 > pg_catalog.clock_timestamp() FROM gdpr.breach WHERE id = $1",
                                      {pg::param(known.id), at});
        late = rows.boolean(0, 1);
        impossible = rows.boolean(0, 2);
    }
    if (impossible)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the authority was not notified then",
                  "It is before the controller became aware of the breach, or in the future.");
    if (late && (!reason || reason->find_first_not_of(" \t\r\n") == std::string::npos))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the notice does not say why it is late",
                  "Later than 72 hours after awareness it must be accompanied by reasons for the delay (Art. 33(1)).",
                  "Give delay_reason.");
    breach::change(
        known.id,
        "authority_at = $2, authority_reference = $3, delay_reason = coalesce($4, delay_reason::pg_catalog.text)",
        {at, pg::param_or_null(breach::given(fcinfo, 2)), pg::param_or_null(reason)});
    breach::record_event(known.id, "authority notified", reason);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_waive_subject_notice) {
    const breach::Breach known = breach::argument(fcinfo, "say why people are not told");
    const std::string reason = breach::required(fcinfo, 1, "reason");
    breach::change(known.id, "no_notice_reason = $2", {pg::param(reason)});
    breach::record_event(known.id, "subjects not notified", reason);
    PG_RETURN_VOID();
}

GDPR_FUNCTION(gdpr_close_breach) {
    const breach::Breach known = breach::argument(fcinfo, "close a breach");
    const auto refuse = [](const char *message, const char *detail, const char *hint) {
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, message, detail, hint);
    };
    if (!known.risk)
        refuse("the risk was not assessed", "It decides who is to be told (Art. 33(1), 34(1)).",
               "gdpr.assess_breach().");
    if (*known.risk != "unlikely" && !known.authority_told)
        refuse("the authority was not notified", "A breach that is a risk to people is notified (Art. 33(1)).",
               "gdpr.record_authority_notice().");
    if (*known.risk == "high" && !known.subjects_told && !known.subjects_waived)
        refuse("the people concerned were not told", "The risk is high (Art. 34(1)).",
               "gdpr.tell_breach_subjects(), or gdpr.waive_subject_notice() on a ground of Art. 34(3).");
    breach::change(known.id, "closed_at = pg_catalog.now()", {});
    breach::record_event(known.id, "closed", breach::given(fcinfo, 1));
    PG_RETURN_VOID();
}
