#include "mail/outbox.hpp"

#include "pg/pg.hpp"
#include "subject/personal.hpp"

namespace gdpr::mail {

std::uint64_t tell_recipients(const subject::Subject &subject, std::string_view what, bool dry_run) {
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    pg::Spi spi;
    const std::string told = "SELECT DISTINCT recipient, address, reference FROM gdpr.disclosure"
                             " WHERE subject_table = $1 AND key = $2";
    const std::vector<pg::Param> who{pg::param_oid(subject.table), pg::param(subject.key)};
    if (dry_run)
        return static_cast<std::uint64_t>(
            spi.run("SELECT pg_catalog.count(*) FROM (" + told + ") AS d", who).number(0, 1));
    std::vector<pg::Param> params = who;
    params.push_back(pg::param(what));
    params.push_back(what == "erased" ? pg::null_param(TEXTOID) : pg::param(subject.key));
    const std::uint64_t instructions =
        spi.run("INSERT INTO gdpr.outbox (template, subject_table, key, recipient, address, reference)"
                " SELECT $3, $1, $4, d.recipient, d.address, d.reference FROM (" +
                    told + ") AS d",
                params)
            .processed();
    if (instructions > 0)
        notify("outbox");
    return instructions;
}

void tell_person(const subject::Subject &subject, std::string_view what) {
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    pg::Spi spi;
    (void)spi.run("INSERT INTO gdpr.outbox (template, subject_table, key) VALUES ($1, $2, $3)",
                  {pg::param(what), pg::param_oid(subject.table), pg::param(subject.key)});
    notify("outbox");
}

void notify(const std::string &payload) {
    pg::call([&] { Async_Notify("gdpr", payload.c_str()); });
}

void init() { subject::keep_of_people({"outbox"}); }

} // namespace gdpr::mail
