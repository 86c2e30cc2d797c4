#include "pg/lookup.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

Lookup::Lookup(Oid relation, const std::vector<AttrNumber> &, const std::vector<Oid> &) : relation_(relation) {}
void Lookup::each(const std::vector<Datum> &, Snapshot, const std::function<bool(TupleTableSlot *)> &) const {}

} // namespace gdpr::pg
