#include "subject/owner.hpp"

#include "pg/pg.hpp"

namespace gdpr::subject {

std::vector<Subject> owners_of(Oid, TupleTableSlot *) { return {}; }
std::vector<Subject> owners_of(Oid, HeapTuple, TupleDesc) { return {}; }
std::vector<AttrNumber> owner_columns(Oid) { return {}; }
std::optional<std::string> row_key(Oid, TupleTableSlot *) { return std::nullopt; }
std::optional<std::string> row_key(Oid, HeapTuple, TupleDesc) { return std::nullopt; }
Oid node_of(Oid) { return InvalidOid; }
bool is_subject(Oid) { return false; }

} // namespace gdpr::subject
