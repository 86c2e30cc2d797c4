// The checks of gdpr.advice that are one statement each.
#pragma once

namespace gdpr::report {

/// Rows of severity, object, finding, remedy. Runs as the extension's owner, search_path pinned to pg_catalog.
struct Check {
    const char *name;
    const char *sql;
};

extern const Check checks[];
extern const unsigned check_count;

} // namespace gdpr::report
