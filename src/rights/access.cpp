// gdpr.access(subject): everything that is known of a person, and why, from where and since when (Art. 15).
#include "audit/audit.hpp"
#include "pg/pg.hpp"
#include "rights/particulars.hpp"
#include "rights/person.hpp"
#include "rights/rows.hpp"
#include "subject/person.hpp"

namespace gdpr::rights {

namespace {

using Step = subject::Step;

/// An answer is one jsonb, made of one text, in the memory of one backend, which needs about ten times its size.
constexpr std::size_t answer_size = std::size_t{32} << 20;

/// Counts what the answer grows by.
class Size {
  public:
    void add(std::size_t bytes) {
        size_ += bytes;
        if (size_ > answer_size)
            pg::raise(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "more is held of this person than one answer can be",
                      "An answer of gdpr.access() holds at most 32 MB.",
                      "gdpr.export(…, scope => 'access') gives all of it, as files.");
    }

  private:
    std::size_t size_ = 0;
};

/// A document of type json may hold what jsonb does not take: \\u0000, half a surrogate pair, a number beyond numeric.
/// The answer must not fail for it, so such a document stands there as a string.
std::string document(const std::string &text) {
    const bool taken = pg::attempt(ERRCODE_DATA_EXCEPTION, [&] {
        (void)pg::call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.c_str())); });
    });
    return taken ? text : json_string(text);
}

/// As JSON.
std::string now() {
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    const pg::PinnedFormats formats;
    pg::Spi spi;
    return spi.run_again("SELECT pg_catalog.to_json(pg_catalog.now())", {}, true).text_or(0, 1);
}

std::string array_of(Rows &rows, Size &size) {
    std::vector<std::string> names;
    for (const std::string &name : rows.columns())
        names.push_back(json_string(name) + ": ");
    std::string out = "[";
    (void)rows.each([&](const Cells &values) {
        const std::size_t before = out.size();
        out += out.size() > 1 ? ", {" : "{";
        for (std::size_t i = 0; i < names.size(); i++) {
            out.append(i > 0 ? ", " : "").append(names[i]);
            out += !values[i] ? "null" : rows.type(i) == JSONOID ? document(*values[i]) : *values[i];
        }
        out += "}";
        size.add(out.size() - before);
    });
    return out + "]";
}

std::string answer(const subject::Collection &collection) {
    Members told = particulars(collection);
    Members owned, accessed;
    Findings findings;
    Size size;
    for (const auto &[name, value] : told)
        size.add(value.size());
    for (const subject::Selection &selection : collection.selections()) {
        Rows rows(collection, selection, Rows::Form::json);
        Members &place = selection.step.kind == Step::Kind::accessed ? accessed : owned;
        place[pg::relation_name(selection.step.node)] = array_of(rows, size);
        findings.add(rows);
    }
    findings.tell(told);
    told["data"] = json_object(std::exchange(owned, {}));
    told["accessed"] = json_object(std::exchange(accessed, {}));
    told["generated_at"] = now();
    return json_object(told);
}

} // namespace

} // namespace gdpr::rights

using namespace gdpr;

GDPR_FUNCTION(gdpr_access) {
    pg::require_role("gdpr_officer", "give access to a person's data");
    pg::make_constraints_immediate();
    const subject::Subject subject = subject::person_argument(fcinfo);
    const subject::Collection collection = rights::collect_person(subject);
    std::string text = rights::answer(collection);
    for (const subject::Subject &each : collection.subjects())
        audit::record(each, "access", "");
    return pg::call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.c_str())); });
}
