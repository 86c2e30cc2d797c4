// The insides of dependent.hpp: what hangs on columns that change is described by the catalogs, taken aside, and made
// again from that description.
#pragma once

#include "apply/dependent.hpp"

namespace gdpr::apply {

/// The objects that hang on certain columns of a relation and of its children, and the statements about them.
class Exchange {
  public:
    Exchange(Oid relation, const std::vector<ColumnChange> &changes, pg::Spi &spi);

    void before(const std::string &action, const std::string &statement) {
        out_.before.push_back({relation_, action, statement});
    }
    void after(const std::string &action, const std::string &statement, bool as_table_owner = false) {
        out_.after.push_back({relation_, action, statement, as_table_owner});
    }
    /// The statements that a query has written, in its first column.
    void after(const std::string &action, const pg::Rows &written) {
        for (std::uint64_t row = 0; row < written.size(); row++)
            after(action, written.text_or(row, 1));
    }
    /// Runs a query that may name `family(id)`, `target(relation, number)`, `view(id, depth)`, and `used(id)`: the
    /// objects of one catalog that depend on a target or on a view. $1 is the relation.
    pg::Rows run(const std::string &query, const char *catalog = "pg_rewrite");
    /// Runs a query about one object, $1.
    pg::Rows about(Oid object, const std::string &query, std::vector<pg::Param> more = {}) {
        more.insert(more.begin(), pg::param(OIDOID, ObjectIdGetDatum(object)));
        return spi_.run(query, more);
    }
    /// Drops and makes again what each row describes: name, table, definition, comment, and what else to say.
    void exchange(const char *kind, const pg::Rows &rows);
    Dependents take() { return std::move(out_); }
    Oid relation() const noexcept { return relation_; }
    /// The change of the column of this name; null where it does not change.
    const ColumnChange *change(const std::string &column) const;

  private:
    Oid relation_;
    const std::vector<ColumnChange> &changes_;
    pg::Spi &spi_;
    std::string names_;
    Dependents out_;
};

/// Views and materialised views, with all that is on them save rules and triggers.
void drop_views(Exchange &exchange);
void recreate_views(Exchange &exchange);

/// Indexes over expressions, those whose operator class must change its name, and what ALTER TABLE forgets about the
/// others.
void exchange_indexes(Exchange &exchange);
/// Exclusion constraints over expressions, and over a varchar: PostgreSQL excludes plain ones by the operators of text.
void exchange_exclusions(Exchange &exchange);
/// Check constraints and statistics objects whose expressions PostgreSQL would write with casts that decrypt.
void exchange_checks(Exchange &exchange);
void exchange_statistics(Exchange &exchange);
void keep_settings(Exchange &exchange);

/// Generated columns among the changing ones, or computed from them.
void exchange_generated(Exchange &exchange);

/// The CREATE INDEX of an index, with the operator classes of the new types.
std::string index_definition(Exchange &exchange, Oid index);

} // namespace gdpr::apply
