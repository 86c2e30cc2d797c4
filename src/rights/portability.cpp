#include "rights/portability.hpp"

#include "label/label.hpp"
#include "pg/pg.hpp"

namespace gdpr::rights {

Portability::Portability() {
    const pg::OwnerScope scope(pg::gdpr_relation("purpose"));
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT name, basis IN ('consent', 'contract') FROM gdpr.purpose", {}, true);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        purposes_[rows.text_or(row, 1)] = rows.boolean(row, 2);
}

bool Portability::covered(const std::vector<std::string> &purposes) const {
    return purposes.empty() || std::any_of(purposes.begin(), purposes.end(), [&](const std::string &name) {
               const auto known = purposes_.find(name);
               return known == purposes_.end() || known->second;
           });
}

std::set<std::string> Portability::omitted(Oid relation) const {
    const label::Labels labels = label::of(relation);
    std::set<std::string> names;
    for (const pg::Column &column : pg::columns_of(relation)) {
        const label::ColumnLabel *label = labels.column(column.number);
        const bool own = label != nullptr && !label->purposes.empty();
        const bool provided = !column.generated && (label == nullptr || !label->derived);
        if (!provided || !covered(own            ? label->purposes
                                  : labels.table ? labels.table->purposes
                                                 : std::vector<std::string>{}))
            names.insert(column.name);
    }
    return names;
}

} // namespace gdpr::rights
