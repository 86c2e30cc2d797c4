#include "journal/person.hpp"

#include "key/key.hpp"
#include "pg/pg.hpp"
#include "rights/identifier.hpp"
#include "subject/owner.hpp"

namespace gdpr::journal {

cipher::Digest subject_hash(std::uint32_t key_id, const std::string &table, const std::string &key) {
    return cipher::hmac_sha256(key::find(key_id).secret, cipher::bytes("subject " + table + '\0' + key));
}

std::set<rights::Identifier> own_identifiers(const subject::Subject &subject) {
    std::set<rights::Identifier> found;
    // A partition may have its columns in another order.
    (void)subject::visit_row(
        subject, [&](TupleTableSlot *row) { found = rights::IdentifierColumns(row->tts_tableOid).read(row); });
    return found;
}

void each_person(Oid subject_table, const std::function<void(const Person &)> &visit) {
    std::map<Oid, rights::IdentifierColumns> columns;
    const MemoryContext lasting = CurrentMemoryContext;
    pg::each_row(subject_table, [&](Oid leaf, TupleTableSlot *row) {
        auto known = columns.find(leaf);
        if (known == columns.end()) {
            const pg::ContextScope scope(lasting);
            known = columns.emplace(leaf, rights::IdentifierColumns(leaf)).first;
        }
        if (const auto key = subject::row_key(leaf, row))
            visit({*key, known->second.read(row)});
    });
}

} // namespace gdpr::journal
