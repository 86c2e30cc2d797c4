#include "restrict/restriction.hpp"

#include "pg/pg.hpp"

namespace gdpr::restriction {

void plan(Oid, apply::Actions &) {}
bool is_restricted(const subject::Subject &) { return false; }
void add(const subject::Subject &, std::string_view, std::string_view) {}
std::uint64_t erase(const subject::Subject &) { return 0; }
void init() {}

} // namespace gdpr::restriction
