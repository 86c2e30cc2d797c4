#include "mail/outbox.hpp"

#include "mail/drain.hpp"
#include "mail/settings.hpp"
#include "pg/pg.hpp"
#include "pg/storage.hpp"
#include "subject/personal.hpp"
#include "work/work.hpp"

namespace gdpr::mail {

namespace {

void require_template(pg::Spi &spi, const std::string &name) {
    if (spi.run("SELECT FROM gdpr.mail_template WHERE name = $1 LIMIT 1", {pg::param(name)}).empty())
        pg::raise(ERRCODE_UNDEFINED_OBJECT, "there is no mail template \"" + name + "\"", "",
                  "gdpr.mail_template holds them; members of gdpr_admin add some by INSERT.");
}

} // namespace

std::int64_t queue(const Instruction &instruction) {
    if (!instruction.subject && !instruction.address)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the mail has neither a subject nor an address");
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    pg::Spi spi;
    require_template(spi, instruction.template_name);
    const auto filled = [](const std::string &text) {
        return text.empty() ? pg::null_param(TEXTOID) : pg::param(text);
    };
    const std::optional<subject::Subject> &subject = instruction.subject;
    const std::int64_t id =
        spi.run("INSERT INTO gdpr.outbox (template, subject_table, key, recipient, address, attachment, parameters,"
                " next_attempt)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, pg_catalog.now())) RETURNING id",
                {pg::param(instruction.template_name),
                 subject ? pg::param_oid(subject->table) : pg::null_param(REGCLASSOID),
                 subject ? pg::param(subject->key) : pg::null_param(TEXTOID), pg::param_or_null(instruction.recipient),
                 pg::param_or_null(instruction.address), filled(instruction.attachment), filled(instruction.parameters),
                 instruction.not_before ? pg::param(TIMESTAMPTZOID, TimestampTzGetDatum(*instruction.not_before))
                                        : pg::null_param(TIMESTAMPTZOID)})
            .number(0, 1);
    notify("outbox");
    return id;
}

std::uint64_t tell_recipients(const subject::Subject &subject, std::string_view what, bool dry_run) {
    if (pg::without_pages(pg::gdpr_relation("disclosure")))
        return 0;
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    pg::Spi spi;
    const std::string told = "SELECT DISTINCT recipient, address, reference FROM gdpr.disclosure"
                             " WHERE subject_table = $1 AND key = $2";
    const std::vector<pg::Param> who{pg::param_oid(subject.table), pg::param(subject.key)};
    if (dry_run)
        return static_cast<std::uint64_t>(
            spi.run_again("SELECT pg_catalog.count(*) FROM (" + told + ") AS d", who).number(0, 1));
    std::vector<pg::Param> params = who;
    params.push_back(pg::param(what));
    params.push_back(what == "erased" ? pg::null_param(TEXTOID) : pg::param(subject.key));
    const std::uint64_t instructions =
        spi.run_again("INSERT INTO gdpr.outbox (template, subject_table, key, recipient, address, reference)"
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
    (void)spi.run_again("INSERT INTO gdpr.outbox (template, subject_table, key) VALUES ($1, $2, $3)",
                        {pg::param(what), pg::param_oid(subject.table), pg::param(subject.key)});
    notify("outbox");
}

namespace {

struct Hook {
    std::string prefix;
    Fields (*function)(const Rendering &);
};

std::vector<Hook> &hooks() {
    static auto *all = new std::vector<Hook>;
    return *all;
}

} // namespace

void on_render(const char *prefix, Fields (*function)(const Rendering &)) { hooks().push_back({prefix, function}); }

Fields fields_of_rooms(const Rendering &rendering) {
    Fields all;
    for (const Hook &hook : hooks())
        if (rendering.template_name.starts_with(hook.prefix))
            all.merge(hook.function(rendering));
    return all;
}

void notify(const std::string &payload) {
    pg::call([&] { Async_Notify("gdpr", payload.c_str()); });
    if (payload == "outbox")
        work::wake_at_commit();
}

void init() {
    subject::keep_of_people({"outbox"});
    init_settings();
    init_drain();
}

} // namespace gdpr::mail
