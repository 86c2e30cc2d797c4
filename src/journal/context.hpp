// What the room shares: the file of this server, its key, and errors in PostgreSQL's terms.
#pragma once

#include "journal/file.hpp"
#include "key/key.hpp"
#include "key/provider.hpp"
#include "pg/pg.hpp"

namespace gdpr::journal {

/// Where the journal is: the setting, or beside the keyring.
std::string path();

[[noreturn]] void raise(const FileError &error);

/// Runs a step on the file, its errors as PostgreSQL's.
template <typename Step> decltype(auto) with_file(Step step) {
    const File file(path());
    try {
        return step(file);
    } catch (const FileError &error) {
        raise(error);
    }
}

/// Appends at once, whatever becomes of the transaction.
void append(const std::vector<Record> &records);

std::vector<Record> read();

/// The ids that this database goes by, the one it writes under first.
std::vector<Id> lineage();

/// A UUID as the journal writes it, and as SQL does.
Id id_of(std::string_view uuid);
pg::Param uuid_param(const Id &id);

/// Marks an entry as in force in this database.
void enter(const Id &id);

} // namespace gdpr::journal
