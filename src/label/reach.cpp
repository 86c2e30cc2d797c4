#include "label/reach.hpp"

#include "label/label.hpp"
#include "pg/pg.hpp"

namespace gdpr::label {

namespace {

bool may_refer_to(Oid relation) {
    return pg::call([&] {
        return pg_class_aclcheck(relation, GetUserId(), ACL_REFERENCES) == ACLCHECK_OK ||
               pg_attribute_aclcheck_all(relation, GetUserId(), ACL_REFERENCES, ACLMASK_ANY) == ACLCHECK_OK;
    });
}

bool is_owner_of(Oid relation) {
    const Oid owner = pg::relation_owner(relation);
    return pg::call([&] { return has_privs_of_role(GetUserId(), owner); });
}

[[noreturn]] void deny(Oid relation, const char *hint) {
    pg::raise(ERRCODE_INSUFFICIENT_PRIVILEGE,
              "permission denied to reach rows of " + pg::relation_name(relation) + " by a label",
              "Rights exercised for people of the labelled table would reach them.", hint);
}

/// The tables that foreign keys of these columns lead to.
std::vector<Oid> by_key(Oid relation, const std::vector<std::string> &columns) {
    std::set<AttrNumber> wanted;
    for (const std::string &each : columns)
        wanted.insert(pg::call([&] { return get_attnum(relation, each.c_str()); }));
    std::vector<Oid> found;
    const pg::Relation opened(relation, AccessShareLock);
    ListCell *cell;
    foreach (cell, pg::call([&] { return RelationGetFKeyList(opened.get()); })) {
        const auto *key = static_cast<const ForeignKeyCacheInfo *>(lfirst(cell));
        if (std::set<AttrNumber>(key->conkey, key->conkey + key->nkeys) == wanted)
            found.push_back(key->confrelid);
    }
    return found;
}

} // namespace

Oid target_of(Oid relation, const Target &target) {
    return pg::call([&] {
        const Oid schema =
            target.schema.empty() ? get_rel_namespace(relation) : get_namespace_oid(target.schema.c_str(), true);
        return OidIsValid(schema) ? get_relname_relid(target.table.c_str(), schema) : InvalidOid;
    });
}

void check_reach(Oid relation, const TableLabel &label) {
    for (const EdgeLabel &edge : label.edges) {
        const bool owns = edge.kind == EdgeLabel::Kind::owns;
        std::vector<Oid> others;
        if (edge.target)
            others.push_back(target_of(relation, *edge.target));
        else if (owns) // the others needed REFERENCES to have the foreign key
            others = by_key(relation, edge.columns);
        for (const Oid other : others) {
            if (!OidIsValid(other) || other == relation)
                continue;
            if (owns && !is_owner_of(other))
                deny(other, "To own rows of a table by owns(…) takes its owner, or a superuser.");
            if (!may_refer_to(other))
                deny(other, "Have REFERENCES on it granted.");
        }
    }
}

void check_reach(Oid relation, const ColumnLabel &label) {
    if (!label.same_person)
        return;
    for (const Oid other : labelled_relations()) {
        const Labels labels = of(other);
        if (other != relation && !may_refer_to(other) &&
            std::any_of(labels.columns.begin(), labels.columns.end(),
                        [&](const LabelledColumn &each) { return each.label.same_person == label.same_person; }))
            deny(other, "Have REFERENCES on it granted, or give the word another name: same_person(name).");
    }
}

} // namespace gdpr::label
