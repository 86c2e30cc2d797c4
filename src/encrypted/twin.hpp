// Twins: an operator, function or aggregate of pg_catalog for exactly the types of a call, which does what the plain
// types' does.
#pragma once

#include "encrypted/resolve.hpp"
#include "pg/spi.hpp"

namespace gdpr::encrypted {

/// Is it =, <> or one of the operators that order?
bool compares(const Call &call);

class Twins {
  public:
    /// The maps, from encrypted types to plain ones and back, may be filled later.
    Twins(pg::Spi &spi, const std::map<Oid, Oid> &plain_of, const std::map<Oid, Oid> &encrypted_of)
        : spi_(spi), plain_of_(plain_of), encrypted_of_(encrypted_of) {}

    void make(const Call &call, const Resolved &plain);
    void drop(const Call &call, const Resolved &plain);
    /// Lets the comparisons that were made be used in comparisons of rows.
    void join_families();

    Oid plain_type(Oid type) const;
    Call plain(Call call) const;
    bool has_encrypted(const Call &call) const;

  private:
    std::string value(const Call &call, const Resolved &plain, std::size_t i, bool stays) const;
    bool stays_encrypted(const Call &call, const Resolved &plain) const;
    void make_operator(const Call &call, const Resolved &plain);
    void make_function(const Call &call, const Resolved &plain);
    void make_aggregate(const Call &call, const Resolved &plain);
    std::string transition(const Call &call, const std::string &function, const std::string &state);
    void join_family(const Types &types, const Types &plain);

    pg::Spi &spi_;
    const std::map<Oid, Oid> &plain_of_, &encrypted_of_;
    std::set<std::string> functions_; // that were made for operators and aggregates
    std::map<Types, Types> compared_; // by a twin of <, and the types that the plain operator takes
};

} // namespace gdpr::encrypted
