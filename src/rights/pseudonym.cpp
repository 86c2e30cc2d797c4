#include "rights/pseudonym.hpp"

#include "encrypted/type.hpp"
#include "pg/pg.hpp"
#include "rights/erase_keys.hpp"

namespace gdpr::rights {

namespace {

using Erase = label::ColumnLabel::Erase;

constexpr int most_attempts = 500;

// Random for every row: gen_random_uuid is volatile, and never the same twice.
const std::string random_hex = "pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '')";
const std::string random_number = "(1 + pg_catalog.floor(pg_catalog.random() * 999999998))";

/// A column's own type without its domain and its encryption.
struct Type {
    Oid type;
    std::int32_t typmod;
    char category;
};

Type plain_type(const pg::Column &column) {
    Type out{column.type, column.typmod, 0};
    pg::call([&] {
        out.type = encrypted::plain_form(getBaseTypeAndTypmod(column.type, &out.typmod));
        bool preferred;
        get_type_category_preferred(out.type, &out.category, &preferred);
    });
    return out;
}

/// Texts that the checks people write on text admit: an address, a telephone number, a link, a code.
std::vector<std::string> texts(const Type &type) {
    const bool limited = type.typmod >= static_cast<std::int32_t>(VARHDRSZ);
    const int limit = limited ? type.typmod - static_cast<int>(VARHDRSZ) : 1000;
    const auto hex = [](int digits) { return "pg_catalog.left(" + random_hex + ", " + std::to_string(digits) + ")"; };
    std::vector<std::string> out;
    const auto add = [&](const std::string &expression, int length) {
        if (length <= limit)
            out.push_back(expression);
    };
    add("'erased-' || " + hex(16), 23);
    if (limit < 23)
        add(hex(limit), limit);
    add("'erased-' || " + hex(16) + " || '@erased.invalid'", 38);
    if (limit < 38)
        add(hex(limit - 5) + " || '@a.eu'", std::max(limit, 6));
    add("'https://erased.invalid/' || " + hex(16), 39);
    const std::string digits = "pg_catalog.lpad(" + random_number + "::bigint::text, 9, '0')";
    add("'+000' || " + digits, 13);
    add("'000' || " + digits, 12);
    for (int length = 1; length <= 8; length++)
        add("pg_catalog.left(" + digits + ", " + std::to_string(length) + ")", length);
    add("'Erased'", 6);
    for (int length = 1; length <= 8; length++)
        add("pg_catalog.repeat('X', " + std::to_string(length) + ")", length);
    if (limited)
        add("pg_catalog.repeat('X', " + std::to_string(limit) + ")", limit);
    out.push_back("''");
    return out;
}

// The same forms, to know one again.
const std::string done_text = "(erased-[0-9a-f]{16}(@erased\\.invalid)?|https://erased\\.invalid/[0-9a-f]{16}"
                              "|\\+?000[0-9]{9}|[0-9a-f]{0,22}(@a\\.eu)?|[0-9a-f]{23,32}@a\\.eu|Erased|X*)";

/// The largest whole number, of nines, that a numeric type holds.
std::string largest(const Type &type) {
    int digits = 9;
    if (type.type == INT2OID)
        digits = 4;
    else if (type.type == NUMERICOID && type.typmod >= static_cast<std::int32_t>(VARHDRSZ)) {
        const std::uint32_t packed = static_cast<std::uint32_t>(type.typmod) - VARHDRSZ;
        const int scale = static_cast<int>((packed & 0x7ff) ^ 1024) - 1024;
        digits = std::clamp(static_cast<int>(packed >> 16 & 0xffff) - scale, 0, 9);
    }
    return digits == 0 ? "0" : std::string(static_cast<std::size_t>(digits), '9');
}

/// Pseudonyms for values of a type; none where we know none. `done` is true of one, with the value as %.
std::vector<std::string> candidates(const Type &type, std::string &done) {
    const auto in = [&](const std::string &values) { done = "% IN (" + values + ")"; };
    switch (type.type) {
    case UUIDOID:
        done = "true";
        return {"pg_catalog.gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'"};
    case JSONOID:
    case JSONBOID:
        done = "%::text IN ('{}', '[]', 'null', '\"\"')";
        return {"'{}'", "'[]'", "'null'", "'\"\"'"};
    case BYTEAOID:
        done = "true";
        return {"''", "pg_catalog.decode(" + random_hex + ", 'hex')"};
    default:
        break;
    }
    switch (type.category) {
    case TYPCATEGORY_STRING:
        done = "%::text ~ '^" + done_text + " *$'";
        return texts(type);
    case TYPCATEGORY_NUMERIC:
        done = "% <= 1";
        return {"0", "1", "-pg_catalog.ceil(pg_catalog.random() * " + largest(type) + ")",
                "pg_catalog.ceil(pg_catalog.random() * " + largest(type) + ")"};
    case TYPCATEGORY_DATETIME:
        if (type.type == TIMEOID || type.type == TIMETZOID) {
            in("'00:00', '12:00'");
            return {"'00:00'", "'12:00'"};
        }
        in("'1900-01-01', '1970-01-01', '2000-01-01'");
        return {"'1900-01-01'", "'1970-01-01'", "'2000-01-01'"};
    case TYPCATEGORY_BOOLEAN:
        done = "true";
        return {"false", "true"};
    case TYPCATEGORY_TIMESPAN:
        in("'0', '1 day'");
        return {"'0'", "'1 day'"};
    case TYPCATEGORY_NETWORK:
        if (type.type == INETOID || type.type == CIDROID) {
            in("'0.0.0.0', '::'");
            return {"'0.0.0.0'", "'::'"};
        }
        return {};
    case TYPCATEGORY_ARRAY:
        in("'{}'");
        return {"'{}'"};
    case TYPCATEGORY_ENUM:
        in("(pg_catalog.enum_range(%))[1], (pg_catalog.enum_range(%))[2]");
        return {"(pg_catalog.enum_range(NULL::" + pg::type_name(type.type) + "))[1]",
                "(pg_catalog.enum_range(NULL::" + pg::type_name(type.type) + "))[2]"};
    default:
        return {};
    }
}

/// The text with every % replaced.
std::string about(std::string text, const std::string &value) {
    for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + value.size()))
        text.replace(at, 1, value);
    return text;
}

Blank make(Oid relation, const pg::Column &column, bool may_be_null, bool may_be_pseudonym) {
    Blank out;
    out.column = column.name;
    const Type type = plain_type(column);
    const std::string name = pg::type_name(type.type, type.typmod);
    out.value = "t." + pg::quote(column.name) + "::" + name;
    out.done = "t." + pg::quote(column.name) + " IS NULL";
    if (may_be_null && !column.not_null)
        out.expressions.emplace_back("NULL");
    if (!may_be_pseudonym)
        return out;
    std::string done;
    for (const std::string &each : candidates(type, done))
        out.expressions.push_back("(" + each + ")::" + name);
    if (!done.empty())
        out.done += " OR (" + about(done, "t." + pg::quote(column.name) + "::" + pg::type_name(type.type)) + ")";
    return out;
}

const pg::Column &find(const std::vector<pg::Column> &columns, const std::string &name) {
    return *std::find_if(columns.begin(), columns.end(), [&](const pg::Column &each) { return each.name == name; });
}

[[noreturn]] void refuse(Oid relation, const std::string &columns, const std::string &constraint = {}) {
    pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "could not erase " + (columns.empty() ? "values in rows" : columns) + " of " +
                  pg::relation_name(relation),
              constraint.empty() ? "There is neither null nor a pseudonym for its type."
                                 : "Constraint " + pg::quote(constraint) + " admits neither null nor any pseudonym.",
              "Make the column nullable, relax its constraint, or label it erase(keep).");
}

/// What an error says of the constraint that raised it.
struct Violation {
    std::string schema, table, constraint, column, domain;

    explicit Violation(const ErrorData *data = nullptr) {
        const auto text = [](const char *value) { return value == nullptr ? std::string() : std::string(value); };
        if (data != nullptr) {
            schema = text(data->schema_name);
            table = text(data->table_name);
            constraint = text(data->constraint_name);
            column = text(data->column_name);
            domain = text(data->datatype_name);
        }
    }
};

/// The columns of the constraint or unique index: only a change of theirs can mend it.
std::set<std::string> columns_of(Oid relation, const Violation &violation) {
    std::set<std::string> out;
    if (!violation.column.empty())
        out.insert(violation.column);
    if (!violation.domain.empty()) {
        for (const pg::Column &each : pg::columns_of(relation))
            if (pg::bare_type_name(each.type) == violation.domain)
                out.insert(each.name);
        return out;
    }
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    const pg::Rows rows = spi.run(
        "SELECT a.attname::text FROM pg_catalog.pg_class r"
        "  JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        "  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0"
        " WHERE n.nspname = $1::name AND r.relname = $2::name"
        "   AND (EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = r.oid AND c.conname = $3::name"
        "                 AND a.attnum = ANY (c.conkey))"
        "     OR EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
        "                 WHERE i.indrelid = r.oid AND x.relname = $3::name"
        "                   AND (a.attnum = ANY (i.indkey::int2[]) OR i.indexprs IS NOT NULL)))",
        {pg::param(violation.schema), pg::param(violation.table), pg::param(violation.constraint)});
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out.insert(rows.text_or(row, 1));
    return out;
}

/// The next choice among those of the columns that a constraint spoke of; false when all were tried.
bool advance(std::vector<std::size_t> &choice, const std::vector<Blank> &blanks, const std::set<std::string> &columns) {
    for (std::size_t i = 0; i < blanks.size(); i++) {
        if (!columns.contains(blanks[i].column))
            continue;
        if (++choice[i] < blanks[i].expressions.size())
            return true;
        choice[i] = 0;
    }
    return false;
}

} // namespace

std::vector<Blank> blanks(Oid relation, const label::Labels &labels) {
    const std::vector<pg::Column> columns = pg::columns_of(relation);
    std::vector<Blank> out;
    for (const label::LabelledColumn &each : labels.columns) {
        const pg::Column &column = find(columns, each.name);
        const bool personal = each.label.data_class != label::ColumnLabel::Class::none || each.label.identifier;
        if (column.generated || each.label.erase == Erase::keep || (each.label.erase == Erase::unset && !personal))
            continue;
        out.push_back(make(relation, column, each.label.erase != Erase::pseudonym, each.label.erase != Erase::null));
        if (out.back().expressions.empty())
            refuse(relation, "column " + pg::quote(each.name));
    }
    return out;
}

Blank pseudonym(Oid relation, const std::string &column) {
    const std::vector<pg::Column> columns = pg::columns_of(relation);
    Blank out = make(relation, find(columns, column), false, true);
    if (out.expressions.empty())
        refuse(relation, "column " + pg::quote(column));
    return out;
}

void Blank::spare(const std::string &rows) {
    if (rows == "false")
        return;
    for (std::string &each : expressions)
        each = "CASE WHEN " + rows + " THEN " + value + " ELSE " + each + " END";
    done = "(" + done + ") OR (" + rows + ")";
}

std::string undone(const std::vector<Blank> &blanks) {
    std::string text;
    for (const Blank &each : blanks)
        text += (text.empty() ? "(" : " OR (") + each.done + ") IS NOT TRUE";
    return text.empty() ? "false" : "(" + text + ")";
}

std::uint64_t blank(Oid relation, const std::vector<Blank> &blanks, const std::string &cuts, const std::string &where,
                    const std::vector<pg::Param> &params) {
    std::vector<std::size_t> choice(blanks.size(), 0);
    std::set<std::string> columns;
    std::string constraint;
    std::uint64_t rows = 0;
    for (int attempts = 0; attempts < most_attempts; attempts++) {
        std::string set = cuts;
        for (std::size_t i = 0; i < blanks.size(); i++)
            set += (set.empty() ? "" : ", ") + pg::quote(blanks[i].column) + " = " + blanks[i].expressions[choice[i]];
        Violation violation;
        if (pg::attempt(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, [&] {
                try {
                    const pg::OwnerScope scope(relation);
                    pg::Spi spi;
                    rows =
                        spi.run_again("UPDATE " + pg::relation_name(relation) + " AS t SET " + set + " WHERE " + where,
                                      params)
                            .processed();
                } catch (const pg::Error &error) {
                    violation = Violation(error.data());
                    throw;
                }
            }))
            return rows;
        columns = columns_of(relation, violation);
        constraint = violation.constraint;
        if (!advance(choice, blanks, columns))
            break;
    }
    std::string names;
    for (const Blank &each : blanks)
        if (columns.contains(each.column))
            names += (names.empty() ? "column " : ", ") + pg::quote(each.column);
    refuse(relation, names, constraint);
}

} // namespace gdpr::rights
