// Code of a table's owner that runs in somebody else's statement, and is under row security all the same.
#pragma once

namespace gdpr::restriction {

void init_owner_code();

} // namespace gdpr::restriction
