#include "form/optin_form.hpp"

#include "form/form.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"

namespace gdpr::form {

namespace {

constexpr const char *choice = "purposes"; // the member that chooses among the form's purposes

[[noreturn]] void refuse_payload(const std::string &message, const std::string &detail = {},
                                 const std::string &hint = {}) {
    pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, message, detail, hint);
}

bool contains(const std::vector<std::string> &names, const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The columns that strangers may fill. What nobody labelled may be a privilege, such as is_admin.
std::map<std::string, pg::Column> open_columns(const OptinForm &form) {
    const label::Labels labels = label::of(form.target);
    std::map<std::string, pg::Column> out;
    for (const pg::Column &column : pg::columns_of(form.target)) {
        const label::ColumnLabel *label = labels.column(column.number);
        const bool theirs = label != nullptr && label->data_class != label::ColumnLabel::Class::none && !label->derived;
        if (!column.generated &&
            (column.name == form.email_column || (form.columns ? contains(*form.columns, column.name) : theirs)))
            out.emplace(column.name, column);
    }
    return out;
}

/// Strict: it goes into the head of a mail, and nobody writes their own address with quotes or comments.
bool is_address(std::string_view text) {
    const std::size_t at = text.find('@');
    if (text.size() > 254 || at == std::string_view::npos || at == 0 || at > 64)
        return false;
    const std::string_view domain = text.substr(at + 1);
    const bool odd = std::any_of(text.begin(), text.end(), [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return byte <= ' ' || byte == 0x7f || std::strchr("<>()[]\\,;:\"'`|", letter) != nullptr;
    });
    return !odd && !domain.empty() && domain.find('@') == std::string_view::npos && domain.front() != '.' &&
           domain.back() != '.' && domain.find("..") == std::string_view::npos;
}

/// Fills in values and the purposes that were chosen.
void read_members(const OptinForm &form, Datum json, Payload &payload) {
    const std::map<std::string, pg::Column> open = open_columns(form);
    const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT e.key, pg_catalog.jsonb_typeof(e.value), e.value #>> '{}', e.value::text"
                                  " FROM pg_catalog.jsonb_each($1) AS e",
                                  {pg::param(JSONBOID, json)});
    payload.purposes = form.purposes;
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const std::string name = rows.text_or(row, 1);
        if (open.contains(name)) {
            payload.values[name] = {rows.text_or(row, 2), rows.text(row, 3), rows.text_or(row, 4)};
            continue;
        }
        if (std::find(statements.begin(), statements.end(), name) != statements.end())
            continue;
        // The name itself may be anything that somebody typed: it is not repeated.
        if (name != choice)
            refuse_payload("the payload names what this form does not take",
                           "It is no column of " + pg::relation_name(form.target) +
                               ", or none that the form is open to.",
                           "gdpr.optin_form.columns says which; null: those labelled personal or sensitive.");
        if (rows.text_or(row, 2) != "array")
            refuse_payload("the purposes of the payload are no JSON array");
        payload.purposes.clear();
        for (const std::string &purpose :
             texts(spi, "SELECT pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb)",
                   {pg::param(rows.text_or(row, 4))})) {
            if (!contains(form.purposes, purpose))
                refuse_payload("the payload names a purpose that this form does not ask for");
            if (!contains(payload.purposes, purpose))
                payload.purposes.push_back(purpose);
        }
    }
}

/// A null for what nobody filled in must be allowed, unless a trigger of the table fills it.
void check_nulls(const OptinForm &form, const Payload &payload) {
    const pg::OwnerScope scope(pg::gdpr_relation("optin_submission"));
    pg::Spi spi;
    const std::vector<std::string> needed =
        texts(spi,
              "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped"
              " AND attnotnull AND NOT atthasdef AND attidentity = '' AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger"
              " WHERE tgrelid = $1 AND NOT tgisinternal AND tgtype & 7 = 7) ORDER BY attnum",
              {pg::param_oid(form.target)});
    for (const std::string &name : needed) {
        const auto given = payload.values.find(name);
        if (given == payload.values.end() || given->second.kind == "null")
            refuse_payload("the payload lacks a value for column " + pg::relation_name(form.target) + "." +
                           pg::quote(name));
    }
}

[[noreturn]] void refuse_broken(const OptinForm &form) {
    refuse_payload("the payload breaks a CHECK of " + pg::relation_name(form.target));
}

/// The CHECKs on nothing but what was filled in, evaluated as the table would.
void check_constraints(const OptinForm &form, const std::vector<pg::Column> &columns,
                       const std::vector<pg::Param> &values) {
    const pg::OwnerScope scope(form.target);
    std::string row, numbers;
    for (std::size_t i = 0; i < columns.size(); i++) {
        row += (i > 0 ? ", $" : "$") + std::to_string(i + 1) + "::" + pg::type_name(columns[i].type) + " AS " +
               pg::quote(columns[i].name);
        numbers += (i > 0 ? "," : "") + std::to_string(columns[i].number);
    }
    std::vector<std::string> conditions;
    {
        pg::Spi spi;
        conditions =
            texts(spi,
                  "SELECT pg_catalog.pg_get_expr(conbin, conrelid) FROM pg_catalog.pg_constraint WHERE conrelid = $1"
                  " AND contype = 'c' AND conkey <@ $2::pg_catalog.int2[] ORDER BY conname",
                  {pg::param_oid(form.target), pg::param("{" + numbers + "}")});
    }
    for (const std::string &condition : conditions) {
        bool broken = false;
        // One that speaks of the row as a whole is left to the table.
        (void)pg::attempt(ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION, [&] {
            try {
                pg::Spi spi;
                broken =
                    !spi.run("SELECT FROM (SELECT " + row + ") AS t WHERE NOT (" + condition + ")", values).empty();
            } catch (const pg::Error &error) {
                // PostgreSQL's own words would repeat the value.
                if (ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_DATA_EXCEPTION)
                    throw;
                refuse_broken(form);
            }
        });
        if (broken)
            refuse_broken(form);
    }
}

} // namespace

std::vector<std::string> texts(pg::Spi &spi, const std::string &sql, const std::vector<pg::Param> &params) {
    const pg::Rows rows = spi.run(sql, params);
    std::vector<std::string> out;
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.push_back(rows.text_or(row, 1));
    return out;
}

OptinForm optin_form(const std::string &name) {
    OptinForm out;
    const std::vector<pg::Param> named{pg::param(name)};
    {
        const pg::OwnerScope scope(pg::gdpr_relation("optin_form"));
        pg::Spi spi;
        const pg::Rows rows = spi.run(
            "SELECT target, email_column, locale, coalesce(page, ''), template, known_template, forgotten_template,"
            " max_bytes, mails_per_day, submissions_per_hour, columns IS NOT NULL FROM gdpr.optin_form WHERE name = $1",
            named);
        if (rows.empty())
            pg::raise(ERRCODE_UNDEFINED_OBJECT, "there is no such form", "", "gdpr.optin_form lists them.");
        const bool listed = rows.boolean(0, 11);
        out = {name,
               rows.oid(0, 1),
               rows.text_or(0, 2),
               {},
               std::nullopt,
               rows.text_or(0, 3),
               rows.text_or(0, 4),
               rows.text_or(0, 5),
               rows.text_or(0, 6),
               rows.text_or(0, 7),
               rows.number(0, 8),
               rows.number(0, 9),
               rows.number(0, 10)};
        out.purposes = texts(spi, "SELECT pg_catalog.unnest(purposes) FROM gdpr.optin_form WHERE name = $1", named);
        if (listed)
            out.columns = texts(spi, "SELECT pg_catalog.unnest(columns) FROM gdpr.optin_form WHERE name = $1", named);
    }
    if (!pg::relation_exists(out.target) || !subject::is_subject(out.target))
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, "the target of this form is no subject table", "",
                  "Label it: SECURITY LABEL FOR gdpr ON TABLE … IS 'subject'.");
    return out;
}

pg::Column email_column(const OptinForm &form) {
    for (const pg::Column &column : pg::columns_of(form.target))
        if (column.name == form.email_column)
            return column;
    pg::raise(ERRCODE_UNDEFINED_COLUMN, pg::relation_name(form.target) + " has no column of e-mail addresses",
              "gdpr.optin_form names one that is not there.");
}

Payload read_payload(const OptinForm &form, Datum json) {
    const auto [object, bytes] = pg::call([&] {
        Jsonb *document = DatumGetJsonbP(json);
        return std::pair<bool, std::int64_t>(JB_ROOT_IS_OBJECT(document), VARSIZE_ANY_EXHDR(document));
    });
    if (bytes > form.max_bytes)
        pg::raise(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the payload is too large",
                  "This form takes " + std::to_string(form.max_bytes) + " bytes.");
    if (!object)
        refuse_payload("the payload is no JSON object", "", "Write {\"column\": value, ...}.");
    Payload payload;
    read_members(form, json, payload);
    const auto email = payload.values.find(email_column(form).name);
    if (email == payload.values.end() || email->second.kind != "string" || !is_address(*email->second.text))
        refuse_payload("the payload has no e-mail address", "",
                       "Write it bare, as in \"mario.rossi@example.it\", under the name of the form's email_column.");
    payload.email = *email->second.text;
    check_nulls(form, payload);
    std::vector<pg::Column> columns;
    std::vector<pg::Param> values;
    for (const auto &[name, column] : open_columns(form))
        if (const auto given = payload.values.find(name); given != payload.values.end()) {
            // A domain's CHECK is its owner's code.
            const pg::OwnerScope scope(form.target);
            columns.push_back(column);
            values.push_back(rights::value_for(form.target, name, given->second));
        }
    check_constraints(form, columns, values);
    return payload;
}

} // namespace gdpr::form
