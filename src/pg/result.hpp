// Rows out of a set-returning C function.
#pragma once

#include "pg/spi.hpp"

namespace gdpr::pg {

/// Collects the result of a function declared RETURNS TABLE or SETOF record with named columns.
class ResultSet {
  public:
    explicit ResultSet(FunctionCallInfo fcinfo);

    /// One row; as many values as the function has columns, types as declared.
    void add(const std::vector<Param> &values);

  private:
    ReturnSetInfo *info_;
};

} // namespace gdpr::pg
