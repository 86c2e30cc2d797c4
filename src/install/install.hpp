// What CREATE EXTENSION and DROP EXTENSION do beyond SQL: roles, the first root key, loading in every session.
#pragma once

namespace gdpr::install {

/// Registers the hook by which DROP EXTENSION takes the library out of the database's sessions.
void init();

} // namespace gdpr::install
