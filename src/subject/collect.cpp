#include "subject/collect.hpp"

#include "pg/pg.hpp"

namespace gdpr::subject {

Collection::Collection(const Subject &subject) : subject_(subject) {}

} // namespace gdpr::subject
