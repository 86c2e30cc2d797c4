#include "rights/identifier.hpp"

#include "encrypted/literal.hpp"
#include "encrypted/type.hpp"
#include "label/label.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

namespace {

char *phone_country = nullptr;

bool check_country(char **country, void **, GucSource) {
    const std::string_view digits(*country);
    if (digits.size() <= 3 && digits.find_first_not_of("0123456789") == std::string_view::npos &&
        !digits.starts_with('0'))
        return true;
    GUC_check_errdetail("It is a country's calling code in digits, such as 39, or empty.");
    return false;
}

} // namespace

void init_identifiers() {
    DefineCustomStringVariable("gdpr.phone_country", "Calling code of telephone numbers that are written without one.",
                               "Digits, such as 39. Empty: they stay national numbers. Set it before there is data: "
                               "what was hashed or indexed before keeps its form.",
                               &phone_country, "", PGC_SIGHUP, 0, check_country, nullptr, nullptr);
}

Identifier identifier(std::string_view text) {
    const std::string_view country = phone_country != nullptr ? phone_country : "";
    const bool ascii = std::all_of(text.begin(), text.end(), [](char letter) { return (letter & 0x80) == 0; });
    if (ascii || pg::call([] { return GetDatabaseEncoding(); }) != PG_UTF8)
        return normalise(text, country);
    return normalise(pg::to_string(pg::call([&] {
                         return DirectFunctionCall2(
                             unicode_normalize_func,
                             PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))),
                             CStringGetTextDatum("NFC"));
                     })),
                     country);
}

IdentifierColumns::IdentifierColumns(Oid relation) {
    const label::Labels labels = label::of(relation);
    for (const label::LabelledColumn &each : labels.columns) {
        if (!each.label.identifier)
            continue;
        Column &made = columns_.emplace_back();
        made.number = each.number;
        made.name = each.name;
        const Oid type = pg::call([&] {
            const Oid found = get_atttype(relation, each.number);
            Oid output;
            bool variable;
            getTypeOutputInfo(found, &output, &variable);
            fmgr_info(output, &made.output);
            // An encrypted value is written as its plain type writes it.
            const Oid plain = encrypted::plain_counterpart(getBaseType(found));
            return OidIsValid(plain) ? plain : found;
        });
        pinned_ = pinned_ || pg::depends_on_formats(type);
    }
}

std::optional<Identifier> IdentifierColumns::read(std::size_t column, TupleTableSlot *row) const {
    const encrypted::PlainOutput plain;
    std::optional<pg::PinnedFormats> formats;
    if (pinned_)
        formats.emplace();
    const Column &wanted = columns_[column];
    const char *text = pg::call([&]() -> const char * {
        bool null;
        const Datum value = slot_getattr(row, wanted.number, &null);
        return null ? nullptr : OutputFunctionCall(const_cast<FmgrInfo *>(&wanted.output), value);
    });
    if (text == nullptr)
        return std::nullopt;
    Identifier one = identifier(text);
    return one.value.empty() ? std::nullopt : std::optional(std::move(one));
}

std::set<Identifier> IdentifierColumns::read(TupleTableSlot *row) const {
    std::set<Identifier> all;
    for (std::size_t i = 0; i < columns_.size(); i++)
        if (auto one = read(i, row))
            all.insert(std::move(*one));
    return all;
}

} // namespace gdpr::rights
