// The formats of an export. Knows nothing of PostgreSQL: text in, text out, in the encoding it came in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gdpr::rights {

using Names = std::vector<std::string>;
using Cells = std::vector<std::optional<std::string>>;

/// How the rows of one relation become a file.
struct Format {
    const char *name;
    const char *extension; // of its files
    bool json;             // cells are JSON values, not text
    std::string (*begin)(const std::string &relation, const Names &columns);
    std::string (*row)(const Names &columns, const Cells &cells, bool first);
    std::string (*end)(bool empty);
};

/// Null where there is no such format.
const Format *format(std::string_view name);

/// All of them, as an error lists them.
std::string format_names();

/// A string of JSON, quotes and all.
std::string json_string(std::string_view text);

/// An array of JSON values, of any range of them.
template <typename Values> std::string json_list(const Values &values) {
    std::string out = "[";
    for (const auto &each : values)
        out.append(out.size() > 1 ? ", " : "").append(each);
    return out + "]";
}

/// An array of strings.
template <typename Strings> std::string json_array(const Strings &strings) {
    std::vector<std::string> values;
    for (const auto &each : strings)
        values.push_back(json_string(each));
    return json_list(values);
}

/// An object of members in order, of any range of pairs of a name and a JSON value.
template <typename Members> std::string json_object(const Members &members) {
    std::string out = "{";
    for (const auto &[name, value] : members)
        out.append(out.size() > 1 ? ", " : "").append(json_string(name)).append(": ").append(value);
    return out + "}";
}

/// A relation's name as one of a file, without an extension: letters, digits, _ and - stay, whatever else becomes %XX.
std::string file_name(const std::string &schema, const std::string &table);

} // namespace gdpr::rights
