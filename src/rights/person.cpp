#include "rights/person.hpp"

#include "encrypted/literal.hpp"
#include "pg/pg.hpp"
#include "subject/same_person.hpp"

namespace gdpr::rights {

namespace {

subject::Collection collect(const std::vector<subject::Subject> &person) {
    const subject::Subject &subject = person.front();
    const pg::OwnerScope scope(subject.table);
    subject::Collection collection(person);
    if (!collection.exists())
        pg::raise(ERRCODE_NO_DATA_FOUND, pg::relation_name(subject.table) + " has no such person",
                  "No row has this primary key.", "Look the key up with gdpr.find().");
    return collection;
}

} // namespace

subject::Collection collect(const subject::Subject &subject) { return collect(std::vector{subject}); }

subject::Collection collect_person(const subject::Subject &subject) { return collect(subject::same_person(subject)); }

Datum input_value(Oid type, std::int32_t typmod, const std::string &text) {
    // An array or a composite may have an encrypted type inside. Strings are themselves, and json knows no types.
    const bool itself = type == JSONOID || type == JSONBOID ||
                        pg::call([&] { return TypeCategory(getBaseType(type)); }) == TYPCATEGORY_STRING;
    if (!itself && text.find(encrypted::literal_prefix) != std::string::npos)
        pg::raise(ERRCODE_INVALID_TEXT_REPRESENTATION, "value holds a ciphertext literal");
    return pg::call([&] {
        Oid input, argument;
        getTypeInputInfo(type, &input, &argument);
        return OidInputFunctionCall(input, const_cast<char *>(text.c_str()), argument, typmod);
    });
}

} // namespace gdpr::rights
