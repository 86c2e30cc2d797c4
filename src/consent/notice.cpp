// Privacy notices (Art. 13, 14), and further sources of a person's data.
#include "audit/audit.hpp"
#include "consent/records.hpp"
#include "pg/pg.hpp"
#include "subject/person.hpp"

using namespace gdpr;

namespace {

std::optional<std::string> text_argument(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? std::nullopt : std::optional<std::string>(pg::to_string(PG_GETARG_DATUM(argument)));
}

} // namespace

GDPR_FUNCTION(gdpr_record_notice) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "document", "article"});
    pg::require_role("gdpr_officer", "record a notice");
    const subject::Subject subject = subject::person_argument(fcinfo);
    const std::string document = *text_argument(fcinfo, 2), article = *text_argument(fcinfo, 3);
    if (article != "13" && article != "14")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "notices are those of Art. 13 and 14");
    subject::require_person(subject);
    std::int64_t id = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("notice"));
        pg::Spi spi;
        const std::vector<pg::Param> who{pg::param_oid(subject.table), pg::param(subject.key)};
        id = spi.run("INSERT INTO gdpr.notice (subject_table, key, document, article, channel, exemption)"
                     " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                     {who[0], who[1], pg::param(document), pg::param(article),
                      pg::param_or_null(text_argument(fcinfo, 4)), pg::param_or_null(text_argument(fcinfo, 5))})
                 .number(0, 1);
        if (article == "14")
            (void)spi.run("UPDATE gdpr.provenance_record SET notice_due = NULL"
                          " WHERE subject_table = $1 AND key = $2 AND notice_due IS NOT NULL",
                          who);
    }
    audit::record(subject, "record_notice", document);
    PG_RETURN_INT64(id);
}

GDPR_FUNCTION(gdpr_record_notices) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
        pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, "subject_table and document must not be null");
    pg::require_role("gdpr_officer", "record notices");
    const Oid table = PG_GETARG_OID(0);
    const std::string document = *text_argument(fcinfo, 2);
    (void)subject::key_columns(table); // raises where it is no subject table
    std::uint64_t people = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("notice"));
        pg::Spi spi;
        people = spi.run("WITH told AS (UPDATE gdpr.provenance_record SET notice_due = NULL"
                         "  WHERE subject_table = $1 AND notice_due IS NOT NULL AND ($2 IS NULL OR name = $2)"
                         "  RETURNING key)"
                         "INSERT INTO gdpr.notice (subject_table, key, document, article, channel, exemption)"
                         " SELECT $1, key, $3, '14', $4, $5 FROM told",
                         {pg::param_oid(table), pg::param_or_null(text_argument(fcinfo, 1)), pg::param(document),
                          pg::param_or_null(text_argument(fcinfo, 3)), pg::param_or_null(text_argument(fcinfo, 4))})
                     .processed();
    }
    if (people > 0)
        audit::record_about(table, "record_notice", document + ": " + std::to_string(people) + " people");
    PG_RETURN_INT64(static_cast<std::int64_t>(people));
}

GDPR_FUNCTION(gdpr_add_source) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "kind"});
    pg::require_role("gdpr_officer", "add a source");
    const subject::Subject subject = subject::person_argument(fcinfo);
    consent::Source source{*text_argument(fcinfo, 2), text_argument(fcinfo, 3), std::nullopt, std::nullopt};
    if (!consent::is_kind_of_source(source.kind))
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "unknown kind of source", consent::kinds_of_source_detail);
    if (!PG_ARGISNULL(4))
        source.address = pg::call([&] { return OidOutputFunctionCall(F_INET_OUT, PG_GETARG_DATUM(4)); });
    if (!PG_ARGISNULL(5)) {
        consent::check_line(source.kind, PG_GETARG_INT32(5));
        source.line = PG_GETARG_INT32(5);
    }
    subject::require_person(subject);
    consent::record_source(subject, source, true);
    audit::record(subject, "add_source", source.kind + (source.name ? ": " + *source.name : ""));
    PG_RETURN_VOID();
}
