// gdpr.export(subject, …): a person's data as files they can take along (Art. 20), or all that is held of them (Art.
// 15).
#include "rights/export.hpp"

#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "rights/file.hpp"
#include "rights/particulars.hpp"
#include "rights/person.hpp"
#include "rights/portability.hpp"
#include "rights/rows.hpp"
#include "rights/seal.hpp"
#include "subject/person.hpp"

namespace gdpr::rights {

namespace {

/// A file ends with the row that takes it beyond this, and another part of it begins: memory holds one part.
constexpr std::size_t part_size = std::size_t{8} << 20;

std::string stem_of(Oid relation, bool accessed) {
    struct Names {
        NameData schema, table;
    };
    const auto names = pg::call([&] {
        Names out;
        namestrcpy(&out.schema, get_namespace_name(get_rel_namespace(relation)));
        namestrcpy(&out.table, get_rel_name(relation));
        return out;
    });
    return file_name(NameStr(names.schema), NameStr(names.table)) + (accessed ? ".accessed" : "");
}

class Export {
  public:
    Export(const subject::Collection &collection, const Format &format, Scope scope, const Seal &seal, const Sink &sink)
        : collection_(collection), format_(format), scope_(scope), seal_(seal), sink_(sink) {}

    void run();

  private:
    void add_relation(const subject::Selection &selection);
    void add_part(const std::string &stem, const Rows &rows, std::uint64_t count, int part);
    void add_json(const std::string &name, const std::string &text);
    void hand_out(const std::string &name);

    const subject::Collection &collection_;
    const Format &format_;
    Scope scope_;
    std::optional<Portability> portability_; // for its scope
    const Seal &seal_;
    const Sink &sink_;
    File file_;
    std::vector<std::string> entries_; // of the manifest
    Members omitted_;
    Findings findings_;
};

void Export::run() {
    if (scope_ == Scope::portability)
        portability_.emplace();
    for (const subject::Selection &selection : collection_.selections())
        if (scope_ == Scope::access || selection.step.kind != subject::Step::Kind::accessed)
            add_relation(selection);
    if (scope_ == Scope::access) {
        Members told = particulars(collection_);
        findings_.tell(told);
        add_json("particulars.json", json_object(told) + "\n");
        entries_.push_back("{\"name\": \"particulars.json\", \"sha256\": \"" + file_.sha256() + "\"}");
    }
    std::set<std::string> others; // tables where the person has more rows
    for (std::size_t i = 1; i < collection_.subjects().size(); i++)
        others.insert(pg::relation_name(collection_.subjects()[i].table));
    std::string files;
    for (const std::string &entry : entries_)
        files.append(files.empty() ? "\n" : ",\n").append(entry);
    add_json("manifest.json", "{\"version\": 1, \"format\": " + json_string(format_.name) + ", \"scope\": \"" +
                                  (scope_ == Scope::access ? "access" : "portability") + "\", \"subject_table\": " +
                                  json_string(pg::relation_name(collection_.subject().table)) +
                                  (others.empty() ? "" : ", \"same_person\": " + json_array(others)) +
                                  ", \"omitted\": " + json_object(omitted_) + ", \"files\": [" + files + "\n]}\n");
}

void Export::add_relation(const subject::Selection &selection) {
    std::set<std::string> omitted;
    if (portability_)
        omitted = portability_->omitted(selection.step.node);
    Rows rows(collection_, selection, format_.json ? Rows::Form::json : Rows::Form::text, omitted);
    const std::string relation = pg::relation_name(rows.relation());
    if (!omitted.empty())
        omitted_[relation] = json_array(omitted);
    if (rows.columns().empty())
        return;
    const std::string stem = stem_of(rows.relation(), selection.step.kind == subject::Step::Kind::accessed);
    std::uint64_t count = 0;
    int parts = 0;
    // What a format makes of a text depends on its bytes, so it gets UTF-8.
    const bool convert = pg::call([] { return GetDatabaseEncoding(); }) != PG_UTF8;
    Names columns;
    for (const std::string &name : rows.columns())
        columns.push_back(utf8(name));
    const auto begin = [&] {
        count = 0;
        file_.clear();
        file_.append(format_.begin(utf8(relation), columns));
    };
    begin();
    (void)rows.each([&](const Cells &cells) {
        if (file_.size() > part_size && count > 0) {
            add_part(stem, rows, count, ++parts);
            begin();
        }
        if (convert) {
            Cells converted;
            for (const auto &cell : cells)
                converted.push_back(cell ? std::optional(utf8(*cell)) : std::nullopt);
            file_.append(format_.row(columns, converted, count == 0));
        } else {
            file_.append(format_.row(columns, cells, count == 0));
        }
        count++;
    });
    add_part(stem, rows, count, parts == 0 ? 0 : parts + 1);
    findings_.add(rows);
}

/// Part 0 is the whole.
void Export::add_part(const std::string &stem, const Rows &rows, std::uint64_t count, int part) {
    file_.append(format_.end(count == 0));
    std::string name = stem;
    if (part > 0) {
        const std::string digits = std::to_string(part);
        name += ".part-" + std::string(4 - std::min<std::size_t>(digits.size(), 4), '0') + digits;
    }
    name += std::string(".") + format_.extension;
    hand_out(name);
    const Names withheld = rows.withheld(), unchecked = rows.unchecked();
    entries_.push_back("{\"name\": " + json_string(name) +
                       ", \"relation\": " + json_string(pg::relation_name(rows.relation())) +
                       ", \"rows\": " + std::to_string(count) + ", \"columns\": " + json_array(rows.columns()) +
                       (withheld.empty() ? "" : ", \"redacted\": " + json_array(withheld)) +
                       (unchecked.empty() ? "" : ", \"review\": " + json_array(unchecked)) + ", \"sha256\": \"" +
                       file_.sha256() + "\"}");
}

void Export::add_json(const std::string &name, const std::string &text) {
    file_.clear();
    file_.append(utf8(text));
    hand_out(name);
}

void Export::hand_out(const std::string &name) {
    const pg::TemporaryContext scratch("gdpr export");
    sink_(name + seal_.extension(), seal_(file_.content()));
}

const Format &format_named(Datum name) {
    const Format *found = format(pg::to_string(name));
    if (found == nullptr)
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "unknown export format", "",
                  "The formats are " + format_names() + ".");
    return *found;
}

Scope scope_named(Datum name) {
    const std::string text = pg::to_string(name);
    if (text != "portability" && text != "access")
        pg::raise(ERRCODE_INVALID_PARAMETER_VALUE, "unknown scope of an export", "",
                  "The scopes are portability (Art. 20) and access (Art. 15).");
    return text == "access" ? Scope::access : Scope::portability;
}

} // namespace

void export_files(const subject::Subject &subject, const Format &format, Scope scope, const Seal &seal,
                  const Sink &sink) {
    const subject::Collection collection = collect_person(subject);
    Export(collection, format, scope, seal, sink).run();
    for (const subject::Subject &each : collection.subjects())
        audit::record(each, "export",
                      std::string(format.name) + (scope == Scope::access ? ", access" : "") +
                          (seal.seals() ? ", sealed" : ""));
}

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_export) {
    pg::require_role("gdpr_officer", "export a person's data");
    pg::ResultSet result(fcinfo);
    const auto given = [&](int argument) {
        return PG_ARGISNULL(argument) ? std::nullopt : std::optional<Datum>(PG_GETARG_DATUM(argument));
    };
    for (const auto &[argument, name] :
         {std::pair(0, "subject_table"), std::pair(1, "key"), std::pair(2, "format"), std::pair(5, "scope")})
        if (PG_ARGISNULL(argument))
            pg::raise(ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string(name) + " must not be null");
    const rights::Format &format = rights::format_named(PG_GETARG_DATUM(2));
    const rights::Scope scope = rights::scope_named(PG_GETARG_DATUM(5));
    const rights::Seal seal(given(3), given(4));
    pg::make_constraints_immediate();
    const subject::Subject subject = subject::person_argument(fcinfo);
    rights::export_files(subject, format, scope, seal, [&](const std::string &name, const pg::Param &content) {
        result.add({pg::param(name), content});
    });
    PG_RETURN_NULL();
}
