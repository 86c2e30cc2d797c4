#include "subject/graph.hpp"

#include "pg/pg.hpp"

namespace gdpr::subject {

const Graph &graph() { pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "to come"); }
std::vector<Node> nodes() { return {}; }
Walk decided_walk(Oid) { pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "to come"); }
Subject subject(Oid, std::string_view) { pg::raise(ERRCODE_FEATURE_NOT_SUPPORTED, "to come"); }
std::string key_text(const std::vector<std::optional<std::string>> &) { return {}; }
void init() {}

} // namespace gdpr::subject
