// gdpr.key: the database's own record of its wrapped keys, read and written below SQL because encryption
// happens inside input functions, under any role, in any phase of a statement.
#pragma once

#include "key/keyring.hpp"

namespace gdpr::key {

/// The wrapped key with this id, where the table can be read and has it.
std::optional<WrappedKey> table_find(std::uint32_t id);

/// All of them.
std::vector<WrappedKey> table_keys();

/// The key of this use with the highest generation; of data keys, among those made for this database.
std::optional<WrappedKey> table_active(Use use);

/// Records a key, where the transaction may write; otherwise a later one will.
void table_record(const WrappedKey &key);

/// Forgets which keys are active (defined beside the cache).
void forget_active() noexcept;

/// Other backends' changes of gdpr.key, and aborts of ours, make the cache of active keys stale.
void init_table();

} // namespace gdpr::key
