// Which columns must change their type: one rewrite a table.
#include "apply/dependent.hpp"
#include "apply/plaintext.hpp"
#include "apply/unlabelled.hpp"
#include "encrypted/type.hpp"
#include "label/label.hpp"

namespace gdpr::apply {

namespace {

using Change = ColumnChange;

std::string at(Oid relation, const pg::Column &column) {
    return pg::relation_name(relation) + "." + pg::quote(column.name);
}

bool is_identity(Oid relation, const pg::Column &column) {
    return pg::call([&] {
        HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(column.number));
        const bool identity = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attidentity != '\0';
        ReleaseSysCache(tuple);
        return identity;
    });
}

bool has_missing_value(Oid relation, const pg::Column &column) {
    return pg::call([&] {
        HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(column.number));
        const bool missing = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->atthasmissing;
        ReleaseSysCache(tuple);
        return missing;
    });
}

/// The type a column should have, or InvalidOid when it has it.
Oid wanted_type(Oid relation, const pg::Column &column, const label::ColumnLabel *label) {
    using Encryption = label::ColumnLabel::Encryption;
    const bool encrypt = label != nullptr && label->encryption != Encryption::none;
    const Oid plain = pg::call([&] { return encrypted::plain_counterpart(column.type); });
    if (encrypt && label->encryption == Encryption::subject)
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "column " + at(relation, column) + " asks for keys per subject",
                  "This version encrypts under the database's key only.",
                  "Label it encrypted instead of encrypted(subject).");
    if (!encrypt)
        return plain;
    // Rows from before ADD COLUMN … DEFAULT all read one ciphertext, until they are written.
    if (OidIsValid(plain))
        return has_missing_value(relation, column) ? column.type : InvalidOid;
    if (is_identity(relation, column))
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "identity column " + at(relation, column) + " cannot be encrypted",
                  "PostgreSQL takes smallint, integer and bigint for identity columns only.",
                  "Drop the identity, or remove the word encrypted from the column's label.");
    const Oid target = pg::call([&] { return encrypted::encrypted_counterpart(column.type); });
    if (!OidIsValid(target))
        pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                  "column " + at(relation, column) + " of type " + pg::type_name(column.type, column.typmod) +
                      " cannot be encrypted",
                  "There is no encrypted type for it.",
                  "Make it with SELECT gdpr.create_encrypted_type(" + pg::quote_literal(pg::type_name(column.type)) +
                      "), or remove the word encrypted from the column's label.");
    return target;
}

/// Inherited columns follow the parent, whose rewrite reaches them.
bool is_inherited(Oid relation, const pg::Column &column) {
    return pg::call([&] {
        HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(column.number));
        const bool inherited = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attinhcount > 0;
        ReleaseSysCache(tuple);
        return inherited;
    });
}

/// Encrypted columns of tables that have no labels, and had none, stay as they were made: copies by CREATE TABLE AS.
std::vector<Change> changes(Oid relation, pg::Spi &spi) {
    const label::Labels labels = label::of(relation);
    if (labels.empty() && !has_unlabelled(relation, spi))
        return {};
    std::vector<Change> out;
    for (const pg::Column &column : pg::columns_of(relation)) {
        const label::ColumnLabel *label = labels.column(column.number);
        const Oid type = wanted_type(relation, column, label);
        if (!OidIsValid(type))
            continue;
        if (!is_inherited(relation, column))
            out.push_back({column, type});
        else if (labels.labelled == relation && label != nullptr &&
                 label->encryption != label::ColumnLabel::Encryption::none)
            pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "column " + at(relation, column) + " is inherited",
                      "A partition or inheritance child has its columns from " +
                          pg::relation_name(pg::parent_of(relation)) + ".",
                      "Label the parent's column.");
    }
    return out;
}

std::string collation_clause(const Change &change) {
    const Oid collation = change.column.collation;
    if (!OidIsValid(collation) || collation == DEFAULT_COLLATION_OID)
        return "";
    return pg::call([&] {
               NameData text;
               HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
               const auto *form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
               const char *name =
                   quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
               namestrcpy(&text, name);
               ReleaseSysCache(tuple);
               return text;
           })
        .data;
}

std::string rewrite(Oid relation, const std::vector<Change> &changes) {
    std::string statement = "ALTER TABLE " + pg::relation_name(relation);
    for (const Change &each : changes) {
        const std::string type = pg::type_name(each.type, each.column.typmod);
        const std::string name = pg::quote(each.column.name);
        const std::string collation = collation_clause(each);
        statement += (&each == &changes.front() ? " " : ", ") + ("ALTER COLUMN " + name) + " TYPE " + type +
                     (collation.empty() ? "" : " COLLATE " + collation) + " USING " +
                     (each.type == each.column.type ? "gdpr.decrypt(" + name + ")" : name) + "::" + type;
    }
    return statement;
}

bool is_encrypted(Oid type) {
    return OidIsValid(pg::call([&] { return encrypted::plain_counterpart(type); }));
}

constexpr const char *encrypting = "encrypt columns";
constexpr const char *decrypting = "decrypt columns";

void plan_relation(Oid relation, Actions &actions, std::set<Oid> &under_way);

/// PostgreSQL has no foreign key from a plain column to an encrypted one. So what references a column is encrypted
/// before it, and what a column references is decrypted before it.
void plan_keys(Oid relation, const Change &change, pg::Spi &spi, Actions &actions, std::set<Oid> &under_way) {
    const bool encrypt = is_encrypted(change.type);
    const std::string here = encrypt ? "conf" : "con", there = encrypt ? "con" : "conf";
    const pg::Rows rows = spi.run(
        "SELECT pg_catalog.quote_ident(c.conname), c." + there + "relid, c." + there +
            "key[k.i], a.atttypid FROM pg_catalog.pg_constraint c, pg_catalog.generate_subscripts(c.conkey, 1) AS k(i),"
            " pg_catalog.pg_attribute a WHERE c.contype = 'f' AND c.conparentid = 0 AND c." +
            here + "relid = $1 AND c." + here + "key[k.i] = $2 AND c." + there + "relid <> $1 AND a.attrelid = c." +
            there + "relid AND a.attnum = c." + there + "key[k.i] ORDER BY 1, 2",
        {pg::param(OIDOID, ObjectIdGetDatum(relation)), pg::param(static_cast<std::int32_t>(change.column.number))});
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const Oid other = rows.oid(row, 2);
        const auto number = static_cast<AttrNumber>(rows.number(row, 3));
        if (is_encrypted(rows.oid(row, 4)) == encrypt)
            continue;
        const std::string key = "foreign key " + rows.text_or(row, 1), name = pg::relation_name(other);
        if (wants_encryption(other, number) != encrypt)
            pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                      key + " stands in the way of " + (encrypt ? "encrypting " : "decrypting ") +
                          at(relation, change.column),
                      "The column at its other end, in " + name + ", would stay " + (encrypt ? "plain." : "encrypted."),
                      encrypt ? "Label both columns encrypted." : "Take the word encrypted from both labels.");
        if (under_way.contains(other))
            pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED,
                      key + " stands in the way of changing " + at(relation, change.column),
                      "Foreign keys of " + name + " and " + pg::relation_name(relation) + " go in a circle.",
                      "Drop one of them, apply, and add it again.");
        plan_relation(other, actions, under_way);
    }
}

void plan_relation(Oid relation, Actions &actions, std::set<Oid> &under_way) {
    // Another relation's keys may have brought this one in already.
    if (std::any_of(actions.begin(), actions.end(), [&](const Action &each) {
            return each.relation == relation && (each.action == encrypting || each.action == decrypting);
        }))
        return;
    pg::Spi spi;
    for (const Oid each : family_of(relation, spi))
        refuse_stored_plaintext(each, spi);
    const std::vector<Change> wanted = changes(relation, spi);
    if (wanted.empty())
        return;
    under_way.insert(relation);
    for (const Change &each : wanted)
        plan_keys(relation, each, spi, actions, under_way);
    under_way.erase(relation);
    refuse_obstacles(relation, wanted, spi);
    Dependents dependents = dependents_of(relation, wanted, spi);
    std::move(dependents.before.begin(), dependents.before.end(), std::back_inserter(actions));
    actions.push_back(
        {relation, is_encrypted(wanted.front().type) ? encrypting : decrypting, rewrite(relation, wanted), true});
    std::move(dependents.after.begin(), dependents.after.end(), std::back_inserter(actions));
}

} // namespace

void plan_encryption(Oid relation, Actions &actions) {
    std::set<Oid> under_way;
    plan_relation(relation, actions, under_way);
}

} // namespace gdpr::apply
