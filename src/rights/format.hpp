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
    const char *name; // also the extension of its files
    bool json;        // cells are JSON values, not text
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

/// A relation's name as one of a file: letters, digits, _ and - stay, whatever else becomes %XX.
std::string file_name(const std::string &schema, const std::string &table, const std::string &extension);

} // namespace gdpr::rights
