// What the rooms ask of the system catalogs: names, keys, owners. Everything returned is a plain C++ value.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// Holds a relation open, with its lock kept until the end of the transaction.
class Relation {
  public:
    Relation(Oid relation, LOCKMODE lock);
    ~Relation();
    Relation(const Relation &) = delete;
    Relation &operator=(const Relation &) = delete;

    ::Relation get() const noexcept { return relation_; }
    TupleDesc descriptor() const noexcept { return relation_->rd_att; }
    Oid id() const noexcept { return relation_->rd_id; }
    Oid owner() const noexcept { return relation_->rd_rel->relowner; }
    char kind() const noexcept { return relation_->rd_rel->relkind; }

  private:
    ::Relation relation_;
};

struct Column {
    AttrNumber number = InvalidAttrNumber;
    std::string name; // as stored, not quoted
    Oid type = InvalidOid;
    int32 typmod = -1;
    Oid collation = InvalidOid;
    bool not_null = false;
    bool generated = false;
};

std::string quote(std::string_view identifier);
std::string quote_literal(std::string_view value);

/// `schema.name`, quoted where need be, independent of the search path. Also of a type and a role.
std::string relation_name(Oid relation);
std::string type_name(Oid type, int32 typmod = -1);
std::string role_name(Oid role);

/// pg_type.typname, neither qualified nor quoted.
std::string bare_type_name(Oid type);

bool relation_exists(Oid relation);
Oid relation_owner(Oid relation);

/// Live user columns in order.
std::vector<Column> columns_of(Oid relation);

/// The relation this one is a partition or an inheritance child of (the first, should there be several); InvalidOid
/// where there is none.
Oid parent_of(Oid relation);

/// Columns of the primary key in key order; empty where there is none.
std::vector<Column> primary_key(Oid relation);

/// An object of the extension's schema by name; InvalidOid where the extension is not installed.
Oid gdpr_relation(const char *name);
Oid gdpr_type(const char *name);
Oid gdpr_schema();

/// Is the extension installed in this database, right now? Cheap: one cached look-up.
bool installed();

/// Is the current user a member of one of the extension's roles? Superusers always are.
bool is_member_of(const char *role);

/// Raises insufficient_privilege unless the current user is a member of the role.
void require_role(const char *role, const char *action);

} // namespace gdpr::pg
