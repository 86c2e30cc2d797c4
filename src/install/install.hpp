// What CREATE EXTENSION and DROP EXTENSION do beyond SQL: roles, the first root key, loading in every session.
#pragma once

namespace gdpr::install {

/// Registers the hook by which DROP EXTENSION takes the library out of the database's sessions.
void init();

/// Registers the hook that warns of settings by which sessions begin without the library.
void init_preload();

} // namespace gdpr::install
