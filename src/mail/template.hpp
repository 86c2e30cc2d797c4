#pragma once

// Texts with merge fields. Pure C++.
//
//   {{name}}             the field's value; empty where it is null
//   {{#name}} … {{/name}} what is between, where the field is known and not empty
//
// A value is put in as it is and never looked at again: a {{field}} within one is text.

#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gdpr::mail {

/// What is wrong with a template; names its field, and holds nobody's data.
class TemplateError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What becomes of a value where it is put in.
enum class Escape {
    none, // in plain text
    html, // in HTML: text, or an attribute within quotes
    line  // in a header: one line, without control characters
};

std::string escaped(std::string_view value, Escape escape);

/// The value of a field; nothing where there is no such field.
using Values = std::function<std::optional<std::string>(const std::string &name)>;

class Template {
  public:
    /// Raises TemplateError where a field or a section is not closed, or a name is none.
    explicit Template(std::string_view text);

    /// The names of its fields, those of sections included.
    const std::set<std::string> &names() const noexcept { return names_; }

    /// Raises TemplateError where a field outside of sections that are left out is not known.
    std::string render(const Values &values, Escape escape) const;

  private:
    struct Part {
        enum class Kind { text, field, begin, end } kind;
        std::string text;    // or the name
        std::size_t end = 0; // of a section that begins: the part that ends it
    };
    std::vector<Part> parts_;
    std::set<std::string> names_;
};

} // namespace gdpr::mail
