// Labels as they are stored: one canonical form, which the parser reads again.
#include "label/grammar.hpp"
#include "label/grammar_words.hpp"

namespace gdpr::label {

std::string quoted(std::string_view identifier) {
    const bool bare = !identifier.empty() && !is_digit(identifier[0]) && identifier[0] != '$' &&
                      std::all_of(identifier.begin(), identifier.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '$'; });
    if (bare)
        return std::string(identifier);
    std::string result = "\"";
    for (char c : identifier)
        result.append(c == '"' ? 2 : 1, c);
    return result + '"';
}

namespace {

std::string listed(const std::vector<std::string> &identifiers) {
    std::string result;
    for (const std::string &identifier : identifiers)
        result += (result.empty() ? "" : ", ") + quoted(identifier);
    return result;
}

/// Attributes between commas.
class Writer {
  public:
    Writer &add(bool wanted, std::string_view attribute) {
        if (wanted)
            text_.append(text_.empty() ? "" : ", ").append(attribute);
        return *this;
    }
    /// word(argument) for an enum whose zero says nothing.
    template <typename Enum> Writer &add(std::string_view word, Enum value, Names arguments) {
        if (value == Enum{})
            return *this;
        return add(true, std::string(word) + '(' + std::string(arguments[static_cast<std::size_t>(value) - 1]) + ')');
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

} // namespace

std::string_view to_string(Keep::Ground ground) { return grounds[static_cast<std::size_t>(ground)]; }

std::string to_string(const ColumnLabel &label) {
    using Class = ColumnLabel::Class;
    using Encryption = ColumnLabel::Encryption;
    return Writer()
        .add(label.data_class == Class::personal, "personal")
        .add(label.data_class == Class::sensitive, "sensitive")
        .add(label.identifier, "identifier")
        .add(label.same_person.has_value(),
             label.same_person.value_or("").empty() ? "same_person" : "same_person(" + quoted(*label.same_person) + ')')
        .add(label.encryption == Encryption::database, "encrypted")
        .add(label.encryption == Encryption::subject, "encrypted(subject)")
        .add("erase", label.erase, column_erase)
        .add(!label.purposes.empty(), "purpose(" + listed(label.purposes) + ')')
        .add(label.derived, "derived")
        .take();
}

std::string to_string(const EdgeLabel &edge) {
    std::string text(edge_kinds[static_cast<std::size_t>(edge.kind)]);
    text += '(' + listed(edge.columns);
    if (const auto &target = edge.target) {
        text += " -> " + (target->schema.empty() ? "" : quoted(target->schema) + '.') + quoted(target->table);
        if (!target->columns.empty())
            text += '(' + listed(target->columns) + ')';
        if (!edge.when_predicate.empty())
            text += " when " + edge.when_predicate;
    }
    return text + ')';
}

std::string to_string(const TableLabel &label) {
    Writer writer;
    writer.add(label.subject, "subject");
    for (const EdgeLabel &edge : label.edges)
        writer.add(true, to_string(edge));
    writer.add("erase", label.erase, table_erase);
    if (const auto &keep = label.keep)
        writer.add(true, "keep(" + keep->interval + ", " + quoted(keep->column) + ", " +
                             std::string(to_string(keep->ground)) + ')');
    return writer.add(!label.purposes.empty(), "purpose(" + listed(label.purposes) + ')')
        .add("audit", label.audit, audits)
        .add(label.expires.has_value(), "expires(" + quoted(label.expires.value_or("")) +
                                            (label.expires_after.empty() ? "" : ", " + label.expires_after) + ')')
        .take();
}

} // namespace gdpr::label
