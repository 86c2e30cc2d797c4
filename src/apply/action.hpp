// One thing that is declared but not yet enforced. Every room names its own; plan() lists them, apply() runs
// them in one transaction.
#pragma once

#include "pg/postgres.hpp"

namespace gdpr::apply {

/// What only the owner of a table can decide.
struct Obstacle {
    std::string message, detail, hint;
};

struct Action {
    Oid relation = InvalidOid;
    std::string action;    // a short phrase: "create audit trigger"
    std::string statement; // SQL that does it, fully qualified and quoted
    // Statements that evaluate the owner's own code (defaults, checks, index expressions) run as the owner of the
    // relation; everything else as the owner of the extension.
    bool as_table_owner = false;
    // In the way of it: plan() lists it, and apply() of all tables warns of it and does the rest.
    std::optional<Obstacle> obstacle = std::nullopt;
};

using Actions = std::vector<Action>;

/// Is there a trigger of this name on the relation, calling gdpr.`function`, enabled to fire always?
bool has_trigger(Oid relation, const char *name, const char *function);

/// Everything that is declared but not enforced, on one relation or, when it is InvalidOid, on all.
Actions plan(Oid relation);

/// Is the ALTER TABLE that begins a statement of plan(), which names the types that it means? Once for each.
bool take_own_alter() noexcept;

/// Makes the triggers and policies that are missing on a relation.
void enforce_parts(Oid relation);

/// Refuses indexes, statistics and generated columns of plaintext when they are created.
void init();

/// Columns to encrypt or to decrypt, and what must be taken aside for that.
void plan_encryption(Oid relation, Actions &actions);

/// Encrypted constants that would be copied into every row as they are.
void plan_constants(Oid relation, Actions &actions);

} // namespace gdpr::apply
