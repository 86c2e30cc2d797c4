#include "pg/storage.hpp"

#include "pg/catalog.hpp"
#include "pg/error.hpp"

namespace gdpr::pg {

bool without_pages(Oid relation) {
    const Relation opened(relation, AccessShareLock);
    return opened.kind() == RELKIND_RELATION && call([&] { return RelationGetNumberOfBlocks(opened.get()); }) == 0;
}

} // namespace gdpr::pg
