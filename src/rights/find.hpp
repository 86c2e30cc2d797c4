// Who is known by an identifier.
#pragma once

#include "pg/catalog.hpp"
#include "subject/graph.hpp"

namespace gdpr::rights {

/// The people whom a value of one column belongs to, as gdpr.find() looks for it; in the active snapshot.
std::vector<subject::Subject> holders(Oid relation, const pg::Column &column, const std::string &identifier);

/// Is there an index by which holders() finds the rows?
bool is_indexed(Oid relation, const pg::Column &column);

/// An index whose first key is the normalised form of a column: gdpr.normalised(column), or that within gdpr.sealed()
/// over an encrypted one.
struct IndexedForm {
    Oid index = InvalidOid;
    AttrNumber column = InvalidAttrNumber;
    bool sealed = false;
};

/// Those of a relation that serve every row.
std::vector<IndexedForm> indexed_forms(Oid relation);

/// That of one column; nullopt where no index has its form.
std::optional<IndexedForm> indexed_form(Oid relation, AttrNumber column);

} // namespace gdpr::rights
