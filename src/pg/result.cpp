#include "pg/result.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

ResultSet::ResultSet(FunctionCallInfo fcinfo) : info_(reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo)) {
    call([&] { InitMaterializedSRF(fcinfo, 0); });
}

void ResultSet::add(const std::vector<Param> &values) {
    std::vector<Datum> datums;
    std::unique_ptr<bool[]> nulls(new bool[values.size()]);
    for (const Param &each : values) {
        nulls[datums.size()] = each.null;
        datums.push_back(each.value);
    }
    call([&] { tuplestore_putvalues(info_->setResult, info_->setDesc, datums.data(), nulls.get()); });
}

} // namespace gdpr::pg
