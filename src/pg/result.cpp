#include "pg/result.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

ResultSet::ResultSet(FunctionCallInfo fcinfo) : info_(reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo)) {
    call([&] {
        // A set of plain values has no row type of its own.
        const bool rows = get_call_result_type(fcinfo, nullptr, nullptr) == TYPEFUNC_COMPOSITE;
        InitMaterializedSRF(fcinfo, rows ? 0 : MAT_SRF_USE_EXPECTED_DESC);
    });
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
