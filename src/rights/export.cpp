// gdpr.export(subject, format): what a person provided, as files they can take along (Art. 20).
#include "audit/audit.hpp"
#include "cipher/cipher.hpp"
#include "pg/pg.hpp"
#include "rights/person.hpp"
#include "rights/rows.hpp"

namespace gdpr::rights {

namespace {

/// A file as it grows: a bytea that is made in place, in UTF-8.
class Content {
  public:
    explicit Content(const std::string &file) : file_(file) {
        pg::call([&] {
            initStringInfo(&buffer_);
            appendStringInfoSpaces(&buffer_, VARHDRSZ);
        });
    }
    ~Content() { pfree(buffer_.data); }
    Content(const Content &) = delete;
    Content &operator=(const Content &) = delete;

    void append(const std::string &text) {
        const int length = static_cast<int>(text.size());
        const char *utf8 = pg::call([&] { return pg_server_to_any(text.data(), length, PG_UTF8); });
        const std::size_t size = utf8 == text.data() ? text.size() : std::strlen(utf8);
        // A row of the answer must hold the file and its name; PostgreSQL allocates at most 1 GB at once.
        constexpr std::size_t room = MaxAllocSize - 65536;
        if (static_cast<std::size_t>(buffer_.len) + size > room)
            pg::raise(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "file " + file_ + " would be larger than 1 GB", "",
                      "Export this relation by COPY, in parts.");
        pg::call([&] { appendBinaryStringInfo(&buffer_, utf8, static_cast<int>(size)); });
        if (utf8 != text.data())
            pfree(const_cast<char *>(utf8));
    }

    pg::Param param() {
        SET_VARSIZE(buffer_.data, buffer_.len);
        return {BYTEAOID, PointerGetDatum(buffer_.data), false};
    }

    std::string sha256() const {
        const cipher::Digest digest =
            cipher::sha256(cipher::bytes({buffer_.data + VARHDRSZ, static_cast<std::size_t>(buffer_.len) - VARHDRSZ}));
        std::string hex;
        for (const std::uint8_t byte : digest)
            for (const int half : {byte >> 4, byte & 15})
                hex += "0123456789abcdef"[half];
        return hex;
    }

  private:
    std::string file_;
    StringInfoData buffer_;
};

std::string strings(const Names &names) {
    std::string out = "[";
    for (const std::string &name : names)
        out += (out.size() > 1 ? ", " : "") + json_string(name);
    return out + "]";
}

std::string name_of_file(Oid relation, const char *extension) {
    struct Names {
        NameData schema, table;
    };
    const auto names = pg::call([&] {
        Names out;
        namestrcpy(&out.schema, get_namespace_name(get_rel_namespace(relation)));
        namestrcpy(&out.table, get_rel_name(relation));
        return out;
    });
    return file_name(NameStr(names.schema), NameStr(names.table), extension);
}

/// Adds the file of one relation to the result; returns its entry in the manifest.
std::string add_file(const subject::Subject &subject, const subject::Selection &selection, const Format &format,
                     pg::ResultSet &result) {
    Rows rows(subject, selection, format.json ? Rows::Form::json : Rows::Form::text, Rows::Columns::provided);
    const std::string relation = pg::relation_name(rows.relation());
    const std::string file = name_of_file(rows.relation(), format.name);
    Content content(file);
    content.append(format.begin(relation, rows.columns()));
    bool first = true;
    const std::uint64_t count = rows.each([&](const Cells &cells) {
        content.append(format.row(rows.columns(), cells, first));
        first = false;
    });
    content.append(format.end(first));
    result.add({pg::param(file), content.param()});
    const Names withheld = rows.withheld();
    return "{\"name\": " + json_string(file) + ", \"relation\": " + json_string(relation) +
           ", \"rows\": " + std::to_string(count) + ", \"columns\": " + strings(rows.columns()) +
           (withheld.empty() ? "" : ", \"redacted\": " + strings(withheld)) + ", \"sha256\": \"" + content.sha256() +
           "\"}";
}

void add_files(const subject::Subject &subject, const Format &format, pg::ResultSet &result) {
    const subject::Collection collection = collect(subject);
    std::string entries;
    for (const subject::Selection &selection : collection.selections())
        if (selection.step.kind != subject::Step::Kind::accessed)
            entries += (entries.empty() ? "\n" : ",\n") + add_file(subject, selection, format, result);
    Content manifest("manifest.json");
    manifest.append("{\"format\": " + json_string(format.name) + ", \"subject_table\": " +
                    json_string(pg::relation_name(subject.table)) + ", \"files\": [" + entries + "\n]}\n");
    result.add({pg::param("manifest.json"), manifest.param()});
}

} // namespace

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_export) {
    pg::require_role("gdpr_officer", "export a person's data");
    pg::ResultSet result(fcinfo);
    const rights::Format *format = rights::format(pg::to_string(PG_GETARG_DATUM(2)));
    if (format == nullptr)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "unknown export format", "",
                  "The formats are " + rights::format_names() + ".");
    pg::make_constraints_immediate();
    const subject::Subject subject = rights::person(PG_GETARG_OID(0), PG_GETARG_DATUM(1));
    rights::add_files(subject, *format, result);
    audit::record(subject, "export", format->name);
    PG_RETURN_NULL();
}
