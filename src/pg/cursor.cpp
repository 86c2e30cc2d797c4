#include "pg/cursor.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

namespace {

constexpr std::size_t batch_bytes = std::size_t{512} * 1024;
constexpr long batch_rows = 1000;

} // namespace

Cursor::Cursor(const std::string &sql, const std::vector<Param> &params) : in_flight_(std::uncaught_exceptions()) {
    Arguments arguments(params);
    const OwnStatement own(sql.c_str(), true);
    if (KeptPlan::serves(params))
        kept_.emplace(sql, arguments);
    portal_ = call([&] {
        return kept_ ? SPI_cursor_open(nullptr, kept_->plan(), arguments.values.data(), arguments.nulls.c_str(), true)
                     : SPI_cursor_open_with_args(nullptr, sql.c_str(), arguments.count(), arguments.types.data(),
                                                 arguments.values.data(), arguments.nulls.c_str(), true, 0);
    });
}

Cursor::~Cursor() {
    // While an error travels out, the (sub)transaction's abort closes it.
    if (std::uncaught_exceptions() != in_flight_)
        return;
    if (batch_ != nullptr)
        SPI_freetuptable(batch_);
    SPI_cursor_close(portal_);
}

Rows Cursor::fetch() {
    if (batch_ != nullptr) {
        std::size_t bytes = 1;
        for (std::uint64_t row = 0; row < batch_->numvals; row++)
            bytes += batch_->vals[row]->t_len;
        const std::size_t each = bytes / std::max<std::uint64_t>(batch_->numvals, 1) + 1;
        count_ = std::clamp(static_cast<long>(batch_bytes / each), 1L, batch_rows);
    }
    call([&] {
        if (batch_ != nullptr)
            SPI_freetuptable(batch_);
        batch_ = nullptr;
        SPI_cursor_fetch(portal_, true, count_);
        batch_ = SPI_tuptable;
    });
    return {batch_, SPI_processed};
}

} // namespace gdpr::pg
