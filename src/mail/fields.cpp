#include "mail/fields.hpp"

#include "gate/rules.hpp"
#include "gate/shape.hpp"
#include "label/label.hpp"
#include "mail/person.hpp"
#include "pg/pg.hpp"
#include "rights/file.hpp"
#include "rights/person.hpp"

namespace gdpr::mail {

namespace {

Fields members(const std::optional<std::string> &json) {
    Fields out;
    if (!json)
        return out;
    pg::Spi spi;
    const pg::Rows rows =
        spi.run("SELECT key, value FROM pg_catalog.jsonb_each_text($1::pg_catalog.jsonb)", {pg::param(*json)}, true);
    for (std::uint64_t row = 0; row < rows.size(); row++)
        out[rows.text_or(row, 1)] = rows.text_or(row, 2);
    return out;
}

Fields controller() {
    pg::Spi spi;
    const pg::Rows rows = spi.run("SELECT name, contact, representative, protection_officer, supervisory_authority"
                                  "  FROM gdpr.controller",
                                  {}, true);
    Fields out;
    int column = 0;
    for (const char *name :
         {"controller", "contact", "representative", "protection_officer", "supervisory_authority"}) {
        column++;
        out[name] = rows.empty() ? "" : rows.text_or(0, column);
    }
    return out;
}

/// What the channel export makes of a relation's columns; mails have no role whose channel it could be.
std::map<std::string, gate::Action> actions(Oid relation) {
    std::map<std::string, gate::Action> out;
    if (!gate::any_rules())
        return out;
    gate::Sight sight;
    sight.channels = {"export"};
    const label::Labels labels = label::of(relation);
    for (const pg::Column &column : pg::columns_of(relation)) {
        const label::ColumnLabel *label = labels.column(column.number);
        out[column.name] =
            sight.verdict({relation, column.name, label != nullptr ? label->data_class : gate::Class::none}).action;
    }
    return out;
}

/// Of a column that is denied there is no field.
std::optional<std::string> gated(const std::string &value, gate::Action action) {
    switch (action) {
    case gate::Action::show:
        return value;
    case gate::Action::mask:
        return gate::masked(value);
    case gate::Action::hide:
        return "";
    case gate::Action::deny:
        break;
    }
    return std::nullopt;
}

} // namespace

MergeFields::MergeFields(const Queued &queued, const std::string &address, const Settings &settings)
    : queued_(queued), parameters_(members(queued.parameters)), common_(controller()) {
    // Of a recipient the person is told to, not shown.
    to_person_ = queued.subject && !queued.recipient && addresses_of(*queued.subject).contains(address);
    common_["recipient"] = queued.recipient.value_or("");
    common_["reference"] = queued.reference.value_or("");
    common_["public_url"] = settings.public_url;
    rooms_ =
        fields_of_rooms({queued.id, queued.template_name, queued.subject, address, queued.parameters.value_or("")});
}

std::optional<std::string> MergeFields::operator()(const std::string &name) {
    for (const Fields *each : {&rooms_, &parameters_, &common_})
        if (const auto found = each->find(name); found != each->end())
            return rights::utf8(found->second);
    const auto value = to_person_ ? column(name) : std::nullopt;
    return value ? std::optional(rights::utf8(*value)) : std::nullopt;
}

std::optional<std::string> MergeFields::column(const std::string &name) {
    if (collection_ == nullptr)
        collection_ = std::make_unique<subject::Collection>(rights::collect(*queued_.subject));
    for (const subject::Selection &each : collection_->selections()) {
        const bool own = each.step.node == queued_.subject->table;
        if (each.step.kind != subject::Step::Kind::accessed &&
            (own || name.starts_with(pg::relation_name(each.step.node) + ".")))
            load(each);
    }
    const auto found = columns_.find(name);
    return found == columns_.end() ? std::nullopt : std::optional(found->second);
}

/// Of several rows, the values one after the other.
void MergeFields::load(const subject::Selection &selection) {
    if (!loaded_.insert(selection.step.node).second)
        return;
    rights::Rows rows(*collection_, selection, rights::Rows::Form::text);
    const std::string relation = pg::relation_name(rows.relation()) + ".";
    std::vector<std::string> values(rows.columns().size());
    (void)rows.each([&](const rights::Cells &cells) {
        for (std::size_t i = 0; i < values.size(); i++)
            if (cells[i])
                values[i] += (values[i].empty() ? "" : ", ") + *cells[i];
    });
    const std::map<std::string, gate::Action> rules = actions(rows.relation());
    for (std::size_t i = 0; i < values.size(); i++) {
        const std::string &column = rows.columns()[i];
        const auto rule = rules.find(column);
        const auto value = gated(values[i], rule == rules.end() ? gate::Action::show : rule->second);
        if (!value)
            continue;
        columns_[relation + column] = *value;
        if (rows.relation() == queued_.subject->table)
            columns_[column] = *value;
    }
}

} // namespace gdpr::mail
