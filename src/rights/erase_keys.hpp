// Conditions and the keys they reach, carried from one relation to another as arrays: no statement ever needs the
// privileges of two owners.
#pragma once

#include "pg/catalog.hpp"
#include "pg/spi.hpp"

namespace gdpr::rights {

/// Names of columns, unquoted.
using Columns = std::vector<std::string>;

/// Values of some columns as parallel arrays; a null array where there are none.
using Keys = std::vector<pg::Param>;

/// A boolean over the alias t, and the parameters it may use.
struct Where {
    std::string sql;
    const std::vector<pg::Param> &params;
};

/// The distinct values, without nulls, of the columns in the rows that a condition reaches. Read as the table's owner.
Keys keys_of(Oid relation, const Columns &columns, const Where &where);

bool any(const Keys &keys);

/// The condition that the columns have one of these values; its parameters are appended.
std::string one_of(Oid relation, const Columns &columns, const Keys &keys, std::vector<pg::Param> &params);

std::uint64_t count_rows(Oid relation, const Where &where);

/// Of the rows that `where` reaches, how many meet each of some further conditions, which have its parameters.
std::vector<std::uint64_t> count_each(Oid relation, const Where &where, const std::vector<std::string> &conditions);

/// All of the columns are filled.
std::string filled(const Columns &columns);

/// Of a key, the columns that are set to null to cut it; none where it cannot be.
Columns cuttable(Oid relation, const Columns &columns);

/// The type that values of a column travel as: without domain and encryption.
Oid travelling_type(Oid relation, const std::string &column);

Columns primary_key_of(Oid relation);

/// Quoted, with commas.
std::string column_list(const Columns &columns);

std::string not_true(const std::string &condition);

/// Conjunction. What is plainly "false" stays that word, and costs no statement.
std::string both(const std::string &one, const std::string &other);

/// One statement on a user table, as its owner. What a constraint says against it is told without the rows it quotes;
/// `doing` completes "could not …".
std::uint64_t run_on(Oid relation, const std::string &sql, const std::vector<pg::Param> &params, const char *doing);

} // namespace gdpr::rights
