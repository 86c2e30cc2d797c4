#include "rights/format.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace gdpr::rights {

namespace {

constexpr char digits[] = "0123456789ABCDEF";

// ---- csv: RFC 4180. Null is nothing, the empty string is "".

std::string csv_cell(const std::string &text) {
    const bool quoted =
        text.empty() || text.find_first_of(",\"\r\n") != std::string::npos || text.front() == ' ' || text.back() == ' ';
    if (!quoted)
        return text;
    std::string out = "\"";
    for (const char c : text)
        out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

std::string csv_row(const Names &, const Cells &cells, bool) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); i++) {
        if (i > 0)
            out += ',';
        if (cells[i])
            out += csv_cell(*cells[i]);
    }
    return out + "\r\n";
}

std::string csv_begin(const std::string &, const Names &columns) {
    return csv_row(columns, Cells(columns.begin(), columns.end()), true);
}

std::string csv_end(bool) { return ""; }

// ---- csv-spreadsheet: the same for programs that take text for a formula, and need a mark to see UTF-8.

bool is_number(std::string_view text) {
    if (text.front() == '+' || text.front() == '-')
        text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// What a spreadsheet may evaluate gets an apostrophe before it; numbers stay, since all they evaluate to is
/// themselves.
std::string guarded(const std::string &text) {
    constexpr std::string_view wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"}; // = + - @
    const bool formula = std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos ||
                         std::find(std::begin(wide), std::end(wide), text.substr(0, 3)) != std::end(wide);
    return formula && !is_number(text) ? "'" + text : text;
}

std::string spreadsheet_row(const Names &columns, const Cells &cells, bool first) {
    Cells safe = cells;
    for (auto &cell : safe)
        if (cell && !cell->empty())
            cell = guarded(*cell);
    return csv_row(columns, safe, first);
}

std::string spreadsheet_begin(const std::string &, const Names &columns) {
    return "\xEF\xBB\xBF" + spreadsheet_row(columns, Cells(columns.begin(), columns.end()), true);
}

// ---- json: an array of objects, one a line.

std::string json_begin(const std::string &, const Names &) { return "["; }

std::string json_row(const Names &columns, const Cells &cells, bool first) {
    std::string out = first ? "\n{" : ",\n{";
    for (std::size_t i = 0; i < cells.size(); i++) {
        out += (i > 0 ? ", " : "") + json_string(columns[i]);
        out += ": " + cells[i].value_or("null");
    }
    return out + "}";
}

std::string json_end(bool empty) { return empty ? "]\n" : "\n]\n"; }

// ---- xml: rows of columns, each with its name as an attribute, since a column's name need not be one of XML.

/// XML 1.0 has no way to write most control characters, nor the two noncharacters of the base plane.
bool representable(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); i++) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || text.substr(i, 3) == "\xEF\xBF\xBE" ||
            text.substr(i, 3) == "\xEF\xBF\xBF")
            return false;
    }
    return true;
}

std::string xml_text(std::string_view text, bool attribute) {
    std::string out;
    for (const char c : text)
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '\r')
            out += "&#13;"; // else a reader takes it for a line's end
        else if (attribute && c == '"')
            out += "&quot;";
        else if (attribute && (c == '\n' || c == '\t'))
            out += c == '\n' ? "&#10;" : "&#9;";
        else
            out += c;
    return out;
}

std::string base64(std::string_view bytes) {
    constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; k++)
            group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; k++)
            out += i + k > bytes.size() ? '=' : alphabet[group >> (18 - 6 * k) & 63];
    }
    return out;
}

std::string xml_named(const char *attribute, const std::string &name) {
    if (representable(name))
        return std::string(" ") + attribute + "=\"" + xml_text(name, true) + "\"";
    return std::string(" ") + attribute + "=\"" + base64(name) + "\" encoded-" + attribute + "=\"base64\"";
}

std::string xml_begin(const std::string &relation, const Names &) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rows" + xml_named("relation", relation) + ">\n";
}

std::string xml_row(const Names &columns, const Cells &cells, bool) {
    std::string out = "<row>\n";
    for (std::size_t i = 0; i < cells.size(); i++) {
        out += "<column" + xml_named("name", columns[i]);
        if (!cells[i])
            out += " null=\"true\"/>\n";
        else if (representable(*cells[i]))
            out += ">" + xml_text(*cells[i], false) + "</column>\n";
        else
            out += " encoding=\"base64\">" + base64(*cells[i]) + "</column>\n";
    }
    return out + "</row>\n";
}

std::string xml_end(bool) { return "</rows>\n"; }

constexpr Format formats[] = {{"csv", "csv", false, csv_begin, csv_row, csv_end},
                              {"csv-spreadsheet", "csv", false, spreadsheet_begin, spreadsheet_row, csv_end},
                              {"json", "json", true, json_begin, json_row, json_end},
                              {"xml", "xml", false, xml_begin, xml_row, xml_end}};

std::string escaped(const std::string &name) {
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                           c == '-' || byte >= 0x80;
        if (plain)
            out += c;
        else
            ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
    }
    return out;
}

} // namespace

const Format *format(std::string_view name) {
    for (const Format &each : formats)
        if (name == each.name)
            return &each;
    return nullptr;
}

std::string format_names() {
    std::string out;
    for (const Format &each : formats)
        out += (out.empty() ? "" : ", ") + std::string(each.name);
    return out;
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (byte >= 0x20)
            out += c;
        else
            ((out += "\\u00") += digits[byte >> 4]) += digits[byte & 15];
    }
    return out + '"';
}

std::string file_name(const std::string &schema, const std::string &table) {
    return escaped(schema) + "." + escaped(table);
}

} // namespace gdpr::rights
