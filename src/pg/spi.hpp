// SQL from C++: typed parameters in, plain values out, every ERROR as pg::Error.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::pg {

/// One typed parameter ($1, $2, …) of a statement.
struct Param {
    Oid type = InvalidOid;
    Datum value = 0;
    bool null = false;
};

Param param(std::string_view text);
Param param(std::int64_t value);
Param param(std::int32_t value);
Param param(bool value);
Param param_oid(Oid value);          // as regclass
Param param_bytes(std::string_view); // as bytea
inline Param param(const char *text) { return param(std::string_view(text)); }
inline Param param(Oid type, Datum value) { return {type, value, false}; }
inline Param null_param(Oid type) { return {type, 0, true}; }
inline Param param(const std::string &text) { return param(std::string_view(text)); }
Param param_or_null(const std::optional<std::string> &text);

/// The rows a statement returned. Valid until the Spi session that made it ends.
class Rows {
  public:
    Rows(SPITupleTable *table, std::uint64_t processed) noexcept : table_(table), processed_(processed) {}

    std::uint64_t size() const noexcept { return table_ != nullptr ? table_->numvals : 0; }
    bool empty() const noexcept { return size() == 0; }
    /// Rows returned, inserted, updated or deleted.
    std::uint64_t processed() const noexcept { return processed_; }

    /// Columns count from 1. A null reads as nullopt.
    std::optional<std::string> text(std::uint64_t row, int column) const;
    std::string text_or(std::uint64_t row, int column, std::string_view otherwise = {}) const;
    std::optional<Datum> datum(std::uint64_t row, int column) const;
    std::int64_t number(std::uint64_t row, int column) const;
    Oid oid(std::uint64_t row, int column) const;
    bool boolean(std::uint64_t row, int column) const;

    HeapTuple tuple(std::uint64_t row) const noexcept { return table_->vals[row]; }
    TupleDesc descriptor() const noexcept { return table_->tupdesc; }

  private:
    SPITupleTable *table_;
    std::uint64_t processed_;
};

/// Parameters as SPI takes them.
struct Arguments {
    std::vector<Oid> types;
    std::vector<Datum> values;
    std::string nulls;

    explicit Arguments(const std::vector<Param> &params);
    int count() const { return static_cast<int>(types.size()); }
};

/// The plan of a statement, made once a session for whatever values; kept while one of these lives, and longer.
class KeptPlan {
  public:
    struct Entry;
    /// Not where the values are many: what finds few rows by an index may be wrong for them.
    static bool serves(const std::vector<Param> &params);

    KeptPlan(const std::string &sql, Arguments &arguments);
    ~KeptPlan();
    KeptPlan(const KeptPlan &) = delete;
    KeptPlan &operator=(const KeptPlan &) = delete;

    SPIPlanPtr plan() const noexcept;

  private:
    Entry &entry_;
};

/// One SPI connection, under a search_path of PostgreSQL's own. What it allocates by palloc is gone when it ends;
/// `keep` copies a datum out.
class Spi {
  public:
    Spi();
    ~Spi();
    Spi(const Spi &) = delete;
    Spi &operator=(const Spi &) = delete;

    /// Runs one statement. `read_only` uses the snapshot of the calling query.
    Rows run(const std::string &sql, const std::vector<Param> &params = {}, bool read_only = false);

    /// The same, planned once a session for whatever values: for statements whose text comes again, and which find
    /// their rows by indexes. Where the values are many, they are planned for as they are.
    Rows run_again(const std::string &sql, const std::vector<Param> &params = {}, bool read_only = false);

    /// Copies a datum into the context that was current before this connection.
    Datum keep(Datum value, Oid type);

  private:
    MemoryContext outer_;
    int in_flight_;
    int guc_level_ = 0;
};

/// Runs what follows as the owner of `relation`, the way referential-integrity triggers do: no temporary
/// objects, no SET ROLE, a pinned search_path, and row security of the owner not applied to itself.
/// Constraints that are deferred must be made immediate first (see make_constraints_immediate), or an owner's
/// deferred trigger would run at COMMIT as the caller.
class OwnerScope {
  public:
    explicit OwnerScope(Oid relation);
    ~OwnerScope();
    OwnerScope(const OwnerScope &) = delete;
    OwnerScope &operator=(const OwnerScope &) = delete;

  private:
    Oid user_ = InvalidOid;
    int context_ = 0;
    int guc_level_ = 0;
    bool outermost_ = false;
    int in_flight_;
};

/// The role that the client acts as: the current user, or what it was before the outermost OwnerScope.
Oid acting_user();

/// Does what runs now run within an OwnerScope?
bool in_owner_scope();

/// While one lives, a statement with this text is the extension's own.
class OwnStatement {
  public:
    /// `copied`: PostgreSQL hands a copy of the text to the planner, at once.
    explicit OwnStatement(const char *text, bool copied = false) noexcept;
    ~OwnStatement();
    OwnStatement(const OwnStatement &) = delete;
    OwnStatement &operator=(const OwnStatement &) = delete;

  private:
    std::pair<const char *, bool> outer_;
};

/// Is this the text of the statement that the extension itself has just sent, and not of one that runs within it?
bool own_statement(const char *text);

/// SET CONSTRAINTS ALL IMMEDIATE, for the rest of the transaction.
void make_constraints_immediate();

} // namespace gdpr::pg
