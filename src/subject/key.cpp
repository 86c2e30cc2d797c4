// The key of a subject: primary key values to text and back.
#include "encrypted/literal.hpp"
#include "encrypted/type.hpp"
#include "pg/equality.hpp"
#include "pg/pg.hpp"
#include "subject/graph.hpp"
#include "subject/owner.hpp"

namespace gdpr::subject {

std::vector<pg::Column> key_columns(Oid table) {
    if (!is_subject(table) || node_of(table) != table)
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, pg::relation_name(table) + " is not a subject table", "",
                  "Name the table whose rows are the people, the one labelled subject.");
    std::vector<pg::Column> columns = pg::primary_key(table);
    if (columns.empty())
        pg::raise(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "subject table " + pg::relation_name(table) + " has no primary key",
                  "A person is named by the primary key of their row.", "Add a primary key.");
    for (pg::Column &column : columns)
        column.type = pg::call([&] { return encrypted::plain_form(column.type); });
    return columns;
}

namespace {

/// A row type of the key's columns.
TupleDesc key_descriptor(const std::vector<pg::Column> &columns) {
    return pg::call([&] {
        TupleDesc descriptor = CreateTemplateTupleDesc(static_cast<int>(columns.size()));
        for (std::size_t i = 0; i < columns.size(); i++) {
            TupleDescInitEntry(descriptor, static_cast<AttrNumber>(i + 1), "key", columns[i].type, columns[i].typmod,
                               0);
            TupleDescInitEntryCollation(descriptor, static_cast<AttrNumber>(i + 1), columns[i].collation);
        }
        return BlessTupleDesc(descriptor);
    });
}

[[noreturn]] void refuse(Oid table, const std::vector<pg::Column> &columns) {
    std::string types;
    for (const pg::Column &column : columns)
        types += (types.empty() ? "" : ", ") + pg::type_name(column.type, column.typmod);
    pg::raise(ERRCODE_INVALID_TEXT_REPRESENTATION, "key does not fit the primary key of " + pg::relation_name(table),
              "The primary key is of type " + (columns.size() > 1 ? "(" + types + ")" : types) + ".",
              columns.size() > 1 ? "Write a composite key as a row literal, like '(7,abc)'." : "");
}

std::vector<Datum> parse(Oid table, const std::vector<pg::Column> &columns, const std::string &key) {
    std::string text = key;
    std::vector<Datum> values(columns.size());
    const std::unique_ptr<bool[]> nulls(new bool[columns.size()]());
    try {
        pg::call([&] {
            if (columns.size() == 1) {
                Oid input, argument;
                getTypeInputInfo(columns[0].type, &input, &argument);
                values[0] = OidInputFunctionCall(input, text.data(), argument, columns[0].typmod);
                return;
            }
            const TupleDesc descriptor = key_descriptor(columns);
            const Datum row = OidInputFunctionCall(F_RECORD_IN, text.data(), RECORDOID, descriptor->tdtypmod);
            HeapTupleHeader header = DatumGetHeapTupleHeader(row);
            HeapTupleData tuple = {};
            tuple.t_len = HeapTupleHeaderGetDatumLength(header);
            tuple.t_data = header;
            heap_deform_tuple(&tuple, descriptor, values.data(), nulls.get());
        });
    } catch (const pg::Error &error) {
        // PostgreSQL's own words would repeat the key.
        if (ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_DATA_EXCEPTION)
            throw;
        refuse(table, columns);
    }
    if (std::any_of(nulls.get(), nulls.get() + columns.size(), [](bool null) { return null; }))
        refuse(table, columns);
    return values;
}

bool needs_quotes(const std::string &value) {
    return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
               return c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
           });
}

} // namespace

std::string key_text(const std::vector<std::optional<std::string>> &values) {
    if (values.size() == 1)
        return values[0].value_or("");
    // As record_out writes it.
    std::string text = "(";
    for (const auto &value : values) {
        if (&value != &values.front())
            text += ',';
        if (!value)
            continue;
        if (!needs_quotes(*value)) {
            text += *value;
            continue;
        }
        text += '"';
        for (const char c : *value)
            text.append(c == '"' || c == '\\' ? 2 : 1, c);
        text += '"';
    }
    return text + ')';
}

namespace {

/// Are values of any of these types read or written by the session's settings?
bool by_formats(const std::vector<pg::Column> &columns) {
    return std::any_of(columns.begin(), columns.end(), [](const pg::Column &each) {
        return pg::depends_on_formats(each.type) || pg::call([&] {
                   Oid input, argument;
                   getTypeInputInfo(each.type, &input, &argument);
                   return func_volatile(input) != PROVOLATILE_IMMUTABLE;
               });
    });
}

} // namespace

std::vector<Datum> key_values(const Subject &subject) {
    // A domain's checks are the owner's code.
    const pg::OwnerScope scope(subject.table);
    const std::vector<pg::Column> columns = key_columns(subject.table);
    std::optional<pg::PinnedFormats> formats;
    if (by_formats(columns))
        formats.emplace();
    return parse(subject.table, columns, subject.key);
}

bool visit_row(const Subject &subject, const std::function<void(TupleTableSlot *)> &visit) {
    const std::vector<Datum> values = key_values(subject);
    std::vector<AttrNumber> columns;
    std::vector<Oid> types;
    for (const pg::Column &column : key_columns(subject.table)) {
        columns.push_back(column.number);
        types.push_back(column.type);
    }
    bool found = false;
    pg::Lookup(subject.table, columns, types)
        .each({values.begin(), values.end()}, pg::call([] { return GetActiveSnapshot(); }), [&](TupleTableSlot *row) {
            visit(row);
            found = true;
            return false;
        });
    return found;
}

Subject subject(Oid subject_table, std::string_view key) {
    const std::vector<pg::Column> columns = key_columns(subject_table);
    const pg::OwnerScope scope(subject_table);
    std::optional<pg::PinnedFormats> formats;
    if (by_formats(columns))
        formats.emplace();
    const std::vector<Datum> values = parse(subject_table, columns, std::string(key));
    std::vector<std::optional<std::string>> texts;
    for (std::size_t i = 0; i < columns.size(); i++)
        texts.emplace_back(pg::call([&] {
            Oid output;
            bool variable;
            getTypeOutputInfo(columns[i].type, &output, &variable);
            return OidOutputFunctionCall(output, values[i]);
        }));
    Subject named{subject_table, key_text(texts)};
    // A key that is equal to the person's and written in another way is theirs: everywhere they have one name.
    if (!std::all_of(columns.begin(), columns.end(),
                     [](const pg::Column &each) { return pg::equal_is_same(each.type, each.collation); }))
        (void)visit_row(Subject(named), [&](TupleTableSlot *row) {
            if (const auto own = row_key(row->tts_tableOid, row))
                named.key = *own;
        });
    return named;
}

} // namespace gdpr::subject
