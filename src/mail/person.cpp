#include "mail/person.hpp"

#include "mail/mime.hpp"
#include "pg/pg.hpp"
#include "rights/identifier.hpp"

namespace gdpr::mail {

std::set<std::string> addresses_of(const subject::Subject &subject) {
    std::set<std::string> addresses;
    const bool exists = subject::visit_row(subject, [&](TupleTableSlot *row) {
        const rights::IdentifierColumns columns(subject.table);
        for (const rights::Identifier &each : columns.read(row))
            if (each.kind == rights::Identifier::Kind::email && is_address(each.value))
                addresses.insert(each.value);
    });
    if (!exists)
        pg::raise(ERRCODE_NO_DATA_FOUND, pg::relation_name(subject.table) + " has no such person",
                  "No row has this primary key.", "Look the key up with gdpr.find().");
    return addresses;
}

std::string address_of(const subject::Subject &subject) {
    const std::set<std::string> addresses = addresses_of(subject);
    if (addresses.empty())
        pg::raise(ERRCODE_NO_DATA_FOUND, "the person has no e-mail address",
                  "No column labelled identifier of " + pg::relation_name(subject.table) + " holds one.",
                  "Label the column identifier, or answer them by another way.");
    if (addresses.size() > 1)
        pg::raise(ERRCODE_CARDINALITY_VIOLATION, "the person has several e-mail addresses",
                  "Columns labelled identifier of " + pg::relation_name(subject.table) + " hold different ones.",
                  "Ask the person which one to use, and rectify the other.");
    return *addresses.begin();
}

} // namespace gdpr::mail
