// The merge fields of one mail.
#pragma once

#include "mail/outbox.hpp"
#include "mail/render.hpp"
#include "rights/rows.hpp"
#include "subject/collect.hpp"

namespace gdpr::mail {

/// In this order: what the rooms add; the mail's own parameters; recipient, reference, public_url, and what
/// gdpr.controller says; the columns of the person's row, and as schema.table.column those of the rows they own.
/// Columns only in a mail that goes to the person themselves, and shown as gdpr.export() shows them: others' data is
/// withheld.
class MergeFields {
  public:
    MergeFields(const Queued &queued, const std::string &address, const Settings &settings);

    /// In UTF-8; nothing where there is no such field, empty where it is null.
    std::optional<std::string> operator()(const std::string &name);

    const Fields &parameters() const noexcept { return parameters_; }

  private:
    std::optional<std::string> column(const std::string &name);
    void load(const subject::Selection &selection);

    const Queued &queued_;
    bool to_person_ = false;
    Fields rooms_, parameters_, common_;
    std::unique_ptr<subject::Collection> collection_; // made at need
    std::set<Oid> loaded_;
    Fields columns_;
};

} // namespace gdpr::mail
