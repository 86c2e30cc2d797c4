// What is written about a breach: to the supervisory authority (Art. 33(3)), and to the people concerned (Art. 34(2)).
#include "breach/breach.hpp"
#include "mail/outbox.hpp"
#include "mail/template.hpp"
#include "pg/pg.hpp"
#include "subject/owner.hpp"

namespace gdpr::breach {

namespace {

constexpr const char *subject_template = "breach_subject";
constexpr const char *authority_template = "breach_authority";

std::string joined(const std::vector<std::string> &lines) {
    std::string out;
    for (const std::string &line : lines)
        out.append(out.empty() ? "" : "\n").append("- ").append(line);
    return out;
}

/// What the log knows is a lower bound, since nobody knows who read; and none where it knows nothing.
std::string at_least(const std::optional<std::int64_t> &known) {
    return known && *known > 0 ? std::to_string(*known) : "";
}

/// Merge fields of gdpr.controller, as every mail has them.
void add_controller(std::map<std::string, std::string> &fields) {
    const pg::OwnerScope scope(pg::gdpr_relation("controller"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT name, contact, representative, protection_officer, supervisory_authority"
                                  "  FROM gdpr.controller",
                                  {}, true);
    int column = 1;
    for (const char *name : {"controller", "contact", "representative", "protection_officer", "supervisory_authority"})
        fields[name] = rows.empty() ? "" : rows.text_or(0, column++);
}

/// What is not known yet is stated as such: the template shows NAME_unknown.
void mark_unknown(std::map<std::string, std::string> &fields) {
    std::map<std::string, std::string> unknown;
    for (const auto &[name, value] : fields)
        unknown[name + "_unknown"] = value.empty() ? name : "";
    fields.merge(unknown);
}

std::map<std::string, std::string> known_fields(const Breach &breach) {
    return {{"breach", std::to_string(breach.id)},
            {"aware_at", breach.aware_at},
            {"period", breach.period_text},
            {"description", breach.description},
            {"consequences", breach.consequences.value_or("")},
            {"measures", breach.measures.value_or("")},
            {"advice", breach.advice.value_or("")},
            {"delay_reason", breach.delay_reason.value_or("")}};
}

/// For those told by mail: what is the same for all of them, read at each mail, so that a correction reaches whoever
/// was not written to yet.
mail::Fields of_mail(const mail::Rendering &rendering) {
    const pg::OwnerScope scope(pg::gdpr_relation("breach"));
    std::int64_t id = 0;
    {
        pg::Spi spi;
        id = spi.run("SELECT ($1::pg_catalog.jsonb ->> 'breach')::pg_catalog.int8", {pg::param(rendering.parameters)},
                     true)
                 .number(0, 1);
    }
    std::map<std::string, std::string> fields = known_fields(breach(id, false));
    add_controller(fields);
    mark_unknown(fields);
    return fields;
}

std::string rendered(const std::string &name, const std::string &locale,
                     const std::map<std::string, std::string> &fields) {
    const pg::OwnerScope scope(pg::gdpr_relation("mail_template"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT subject, body_text FROM gdpr.mail_template WHERE name = $1"
                                  "   AND locale IN ($2, '') ORDER BY locale = '', shipped LIMIT 1",
                                  {pg::param(name), pg::param(locale)}, true);
    if (rows.empty())
        pg::raise(ERRCODE_UNDEFINED_OBJECT, "there is no mail template \"" + name + "\"");
    const mail::Values values = [&](const std::string &field) {
        const auto found = fields.find(field);
        return found == fields.end() ? std::nullopt : std::optional(found->second);
    };
    try {
        return mail::Template(rows.text_or(0, 1)).render(values, mail::Escape::line) + "\n\n" +
               mail::Template(rows.text_or(0, 2)).render(values, mail::Escape::none);
    } catch (const mail::TemplateError &error) {
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "the mail template \"" + name + "\" cannot be rendered",
                  error.what());
    }
}

/// Until the OwnerScope ends. Tables that were just filled have no statistics, and a plan made by guess reads all of
/// one for every row of another.
void plan_without(std::initializer_list<const char *> settings) {
    for (const char *setting : settings)
        pg::call([&] {
            (void)set_config_option(setting, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
        });
}

/// Everyone whose data the log saw in the window, whoever else reads the key now: queued in one statement. Those born
/// after what was logged of their key are other people.
std::uint64_t tell_logged(const Breach &breach) {
    std::vector<pg::Param> params{pg::param(breach.id), pg::param(subject_template),
                                  pg::param("{\"breach\": \"" + std::to_string(breach.id) + "\"}")};
    const std::string condition = window(breach, params);
    const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
    plan_without({"enable_nestloop"});
    pg::Spi spi;
    return spi
        .run("WITH logged AS (SELECT r.subject_table, r.key, pg_catalog.max(r.at) AS at FROM gdpr.audit_record AS r"
             "      WHERE r.key IS NOT NULL AND " +
                 condition +
                 " GROUP BY r.subject_table, r.key),"
                 " fresh AS (INSERT INTO gdpr.breach_notice (breach, subject_table, key)"
                 "      SELECT $1, l.subject_table, l.key FROM logged AS l"
                 "       WHERE NOT EXISTS (SELECT FROM gdpr.breach_notice AS n WHERE n.breach = $1"
                 "                AND n.subject_table = l.subject_table AND n.key = l.key)"
                 "         AND NOT EXISTS (SELECT FROM gdpr.provenance_record AS p WHERE p.at > l.at"
                 "                AND p.subject_table = l.subject_table AND p.key = l.key)"
                 "      RETURNING subject_table, key)"
                 " INSERT INTO gdpr.outbox (template, subject_table, key, parameters)"
                 "      SELECT $2, subject_table, key, $3 FROM fresh",
             params)
        .processed();
}

/// Everyone there is: where it is not known who was read.
class Everyone {
  public:
    explicit Everyone(const Breach &breach) : breach_(breach) {}

    std::uint64_t tell() {
        for (const subject::Node &node : subject::nodes())
            if (subject::is_subject(node.id)) {
                pg::each_row(node.id, [&](Oid leaf, TupleTableSlot *row) {
                    if (const auto key = subject::row_key(leaf, row))
                        keys_.push_back(*key);
                    if (keys_.size() == batch)
                        flush(node.id);
                });
                flush(node.id);
            }
        return told_;
    }

  private:
    static constexpr std::size_t batch = 10000;

    void flush(Oid table) {
        if (keys_.empty())
            return;
        std::vector<Datum> values;
        for (const std::string &key : keys_)
            values.push_back(pg::text_datum(key));
        const Datum array = pg::call([&] {
            return PointerGetDatum(
                construct_array(values.data(), static_cast<int>(values.size()), TEXTOID, -1, false, TYPALIGN_INT));
        });
        const pg::OwnerScope scope(pg::gdpr_relation("outbox"));
        plan_without({"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"});
        pg::Spi spi;
        told_ +=
            spi.run("WITH fresh AS (INSERT INTO gdpr.breach_notice (breach, subject_table, key)"
                    "      SELECT $1, $2, k.key FROM pg_catalog.unnest($3) AS k (key)"
                    "       WHERE NOT EXISTS (SELECT FROM gdpr.breach_notice AS n WHERE n.breach = $1"
                    "                AND n.subject_table = $2 AND n.key = k.key)"
                    "      RETURNING subject_table, key)"
                    " INSERT INTO gdpr.outbox (template, subject_table, key, parameters)"
                    "      SELECT $4, subject_table, key, $5 FROM fresh",
                    {pg::param(breach_.id), pg::param_oid(table), pg::param(TEXTARRAYOID, array),
                     pg::param(subject_template), pg::param("{\"breach\": \"" + std::to_string(breach_.id) + "\"}")})
                .processed();
        keys_.clear();
    }

    const Breach &breach_;
    std::vector<std::string> keys_;
    std::uint64_t told_ = 0;
};

} // namespace

std::map<std::string, std::string> fields_of(const Breach &breach) {
    const std::vector<Scope> scope = scope_of(breach);
    const Scope &total = scope.back();
    std::vector<std::string> relations;
    if (!breach.relations.null)
        for (const Scope &each : scope)
            if (OidIsValid(each.relation))
                relations.push_back(pg::relation_name(each.relation));
    std::map<std::string, std::string> fields = known_fields(breach);
    fields["categories"] = joined(total.categories);
    fields["relations"] = joined(relations);
    fields["subjects"] = at_least(total.subjects);
    fields["records"] = at_least(total.records);
    add_controller(fields);
    mark_unknown(fields);
    return fields;
}

void init_letter() { mail::on_render(subject_template, of_mail); }

} // namespace gdpr::breach

using namespace gdpr;

GDPR_FUNCTION(gdpr_breach_letter) {
    pg::require_role("gdpr_officer", "write about a breach");
    pg::refuse_nulls(fcinfo, {"id", "recipient", "locale"});
    const std::string recipient = pg::to_string(PG_GETARG_DATUM(1));
    if (recipient != "authority" && recipient != "subjects")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "there is no letter to this recipient",
                  "It goes to the authority or to the subjects.");
    const breach::Breach known = breach::breach(PG_GETARG_INT64(0), false);
    return pg::text_datum(
        breach::rendered(recipient == "authority" ? breach::authority_template : breach::subject_template,
                         pg::to_string(PG_GETARG_DATUM(2)), breach::fields_of(known)));
}

GDPR_FUNCTION(gdpr_tell_breach_subjects) {
    pg::require_role("gdpr_officer", "tell people of a breach");
    pg::refuse_nulls(fcinfo, {"id", "everyone"});
    const breach::Breach known = breach::breach(PG_GETARG_INT64(0), true);
    const bool everyone = PG_GETARG_BOOL(1);
    const std::uint64_t told = everyone ? breach::Everyone(known).tell() : breach::tell_logged(known);
    {
        const pg::OwnerScope scope(pg::gdpr_relation("breach"));
        pg::Spi spi;
        (void)spi.run("UPDATE gdpr.breach SET subjects_at = coalesce(subjects_at, pg_catalog.now()) WHERE id = $1",
                      {pg::param(known.id)});
    }
    breach::record_event(known.id, "subjects notified",
                         std::to_string(told) + (everyone ? " mails, to everyone" : " mails, by the audit log"));
    if (told > 0)
        mail::notify("outbox");
    PG_RETURN_INT64(static_cast<std::int64_t>(told));
}
