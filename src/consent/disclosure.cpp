// gdpr.record_disclosure(): who received a person's data, so that they can be told what became of it (Art. 15, 19).
#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "subject/person.hpp"

using namespace gdpr;

GDPR_FUNCTION(gdpr_record_disclosure) {
    pg::refuse_nulls(fcinfo, {"subject_table", "key", "recipient"});
    pg::require_role("gdpr_officer", "record a disclosure");
    const subject::Subject subject = subject::person_argument(fcinfo);
    const auto given = [&](int argument) {
        return PG_ARGISNULL(argument) ? std::nullopt
                                      : std::optional<std::string>(pg::to_string(PG_GETARG_DATUM(argument)));
    };
    const std::string recipient = *given(2);
    if (recipient.find_first_not_of(" \t\r\n") == std::string::npos)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the recipient is empty", "", "Say who received the data.");
    subject::require_person(subject);
    std::int64_t id = 0;
    {
        const pg::OwnerScope scope(pg::gdpr_relation("disclosure"));
        pg::Spi spi;
        id = spi.run("INSERT INTO gdpr.disclosure (subject_table, key, recipient, purpose, address, reference)"
                     " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                     {pg::param_oid(subject.table), pg::param(subject.key), pg::param(recipient),
                      pg::param_or_null(given(3)), pg::param_or_null(given(4)), pg::param_or_null(given(5))})
                 .number(0, 1);
    }
    audit::record(subject, "record_disclosure", recipient);
    PG_RETURN_INT64(id);
}
