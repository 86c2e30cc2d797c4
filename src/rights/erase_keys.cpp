#include "rights/erase_keys.hpp"

#include "encrypted/type.hpp"
#include "pg/equality.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

std::string from(Oid relation, const Where &where) {
    return " FROM " + pg::relation_name(relation) + " AS t WHERE " + where.sql;
}

} // namespace

Oid travelling_type(Oid relation, const std::string &column) {
    return pg::call([&] {
        return encrypted::plain_form(getBaseType(get_atttype(relation, get_attnum(relation, column.c_str()))));
    });
}

Columns primary_key_of(Oid relation) {
    Columns out;
    for (const pg::Column &each : pg::primary_key(relation))
        out.push_back(each.name);
    return out;
}

std::string column_list(const Columns &columns) {
    std::string text;
    for (const std::string &each : columns)
        text += (text.empty() ? "" : ", ") + pg::quote(each);
    return text;
}

std::string not_true(const std::string &condition) {
    return condition == "false" ? "true" : "(" + condition + ") IS NOT TRUE";
}

std::string both(const std::string &one, const std::string &other) {
    if (one == "false" || other == "false")
        return "false";
    return other == "true" ? one : one + " AND (" + other + ")";
}

Keys keys_of(Oid relation, const Columns &columns, const Where &where) {
    std::string arrays, values;
    for (std::size_t i = 0; i < columns.size(); i++) {
        const std::string comma = i == 0 ? "" : ", ", name = "k" + std::to_string(i);
        arrays += comma + "pg_catalog.array_agg(" + name + ")";
        values += comma + "t." + pg::quote(columns[i]) + "::" + pg::type_name(travelling_type(relation, columns[i])) +
                  " AS " + name;
    }
    if (where.sql == "false")
        return {};
    const pg::OwnerScope scope(relation);
    pg::Spi spi;
    const pg::Rows rows = spi.run_again("SELECT " + arrays + " FROM (SELECT DISTINCT " + values +
                                            from(relation, where) + " AND " + filled(columns) + ") AS d",
                                        where.params);
    Keys keys;
    for (std::size_t i = 0; i < columns.size(); i++) {
        const Oid element = travelling_type(relation, columns[i]);
        pg::Param param = pg::null_param(pg::call([&] { return get_array_type(element); }));
        if (const auto found = rows.datum(0, static_cast<int>(i + 1)))
            param = pg::param(param.type, spi.keep(*found, param.type));
        keys.push_back(param);
    }
    return keys;
}

bool any(const Keys &keys) { return !keys.empty() && !keys.front().null; }

std::string one_of(Oid relation, const Columns &columns, const Keys &keys, std::vector<pg::Param> &params) {
    if (!any(keys))
        return "false";
    std::string row, values, names, pairs, equals;
    bool plain = true;
    for (std::size_t i = 0; i < columns.size(); i++) {
        const std::string comma = i == 0 ? "" : ", ", name = "k" + std::to_string(i);
        params.push_back(keys[i]);
        row += comma + "t." + pg::quote(columns[i]);
        const auto [column, type] = pg::call([&] {
            return std::pair(get_atttype(relation, get_attnum(relation, columns[i].c_str())),
                             get_element_type(keys[i].type));
        });
        equals = pg::equals(column, type);
        plain = plain && equals == "=";
        pairs += (i == 0 ? "t." : " AND t.") + pg::quote(columns[i]) + " " + equals + " k." + name;
        values += comma + "$" + std::to_string(params.size());
        names += comma + name;
    }
    if (columns.size() == 1)
        return "(" + row + " " + equals + " ANY (" + values + "))";
    const std::string from_keys = " FROM unnest(" + values + ") AS k(" + names + ")";
    return plain ? "((" + row + ") IN (SELECT " + names + from_keys + "))"
                 : "(EXISTS (SELECT" + from_keys + " WHERE " + pairs + "))";
}

std::uint64_t count_rows(Oid relation, const Where &where) {
    if (where.sql == "false")
        return 0;
    const pg::OwnerScope scope(relation);
    pg::Spi spi;
    return static_cast<std::uint64_t>(
        spi.run_again("SELECT pg_catalog.count(*)" + from(relation, where), where.params).number(0, 1));
}

std::vector<std::uint64_t> count_each(Oid relation, const Where &where, const std::vector<std::string> &conditions) {
    std::vector<std::uint64_t> counts;
    if (conditions.empty())
        return counts;
    if (conditions.size() == 1)
        return {count_rows(relation, {conditions[0], where.params})};
    std::string columns;
    for (const std::string &each : conditions)
        columns += (columns.empty() ? "" : ", ") + ("pg_catalog.count(*) FILTER (WHERE " + each + ")");
    const pg::OwnerScope scope(relation);
    pg::Spi spi;
    const pg::Rows rows = spi.run_again("SELECT " + columns + from(relation, where), where.params);
    for (std::size_t i = 0; i < conditions.size(); i++)
        counts.push_back(static_cast<std::uint64_t>(rows.number(0, static_cast<int>(i + 1))));
    return counts;
}

std::string filled(const Columns &columns) {
    std::string text;
    for (const std::string &column : columns)
        text += (text.empty() ? "t." : " AND t.") + pg::quote(column) + " IS NOT NULL";
    return "(" + text + ")";
}

Columns cuttable(Oid relation, const Columns &columns) {
    Columns out;
    for (const pg::Column &each : pg::columns_of(relation))
        if (!each.not_null && !each.generated && std::find(columns.begin(), columns.end(), each.name) != columns.end())
            out.push_back(each.name);
    return out;
}

std::uint64_t run_on(Oid relation, const std::string &sql, const std::vector<pg::Param> &params, const char *doing) {
    try {
        const pg::OwnerScope scope(relation);
        pg::Spi spi;
        return spi.run_again(sql, params).processed();
    } catch (const pg::Error &error) {
        // PostgreSQL quotes the row or its key in the detail, which may be personal.
        if (ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION || error.data() == nullptr)
            throw;
        const ErrorData *data = error.data();
        const bool reference = error.sqlstate() == ERRCODE_FOREIGN_KEY_VIOLATION;
        const auto name = [](const char *text) { return text == nullptr ? std::string() : std::string(text); };
        const std::string table = name(data->schema_name) + "." + name(data->table_name);
        pg::raise(error.sqlstate(), std::string("could not ") + doing + " " + pg::relation_name(relation),
                  data->constraint_name != nullptr
                      ? "Constraint " + pg::quote(name(data->constraint_name)) + " of " + table + " forbids it."
                  : data->column_name != nullptr
                      ? "Column " + pg::quote(name(data->column_name)) + " of " + table + " cannot be null."
                      : "",
                  reference ? "Say with a label on " + table + " whose its rows are: owned(…) or accessed(…)."
                            : "Change the constraint, or label the column erase(pseudonym) or erase(keep).");
    }
}

} // namespace gdpr::rights
