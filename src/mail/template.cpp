#include "mail/template.hpp"

namespace gdpr::mail {

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > 200)
        return false;
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == '{' || c == '}' || c == '#' || c == '/')
            return false;
    return true;
}

} // namespace

std::string escaped(std::string_view value, Escape escape) {
    if (escape == Escape::none)
        return std::string(value);
    std::string out;
    for (const char c : value) {
        if (escape == Escape::line) {
            const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
            out += control ? ' ' : c;
            continue;
        }
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

Template::Template(std::string_view text) {
    std::vector<std::size_t> open;
    while (!text.empty()) {
        const std::size_t begin = text.find("{{");
        if (begin != 0)
            parts_.push_back({Part::Kind::text, std::string(text.substr(0, begin))});
        if (begin == std::string_view::npos)
            break;
        text.remove_prefix(begin + 2);
        const std::size_t end = text.find("}}");
        if (end == std::string_view::npos)
            throw TemplateError("a merge field is not closed");
        std::string_view inner = trimmed(text.substr(0, end));
        text.remove_prefix(end + 2);
        Part part{Part::Kind::field, ""};
        if (!inner.empty() && (inner.front() == '#' || inner.front() == '/')) {
            part.kind = inner.front() == '#' ? Part::Kind::begin : Part::Kind::end;
            inner = trimmed(inner.substr(1));
        }
        if (!is_name(inner))
            throw TemplateError("a merge field has no proper name");
        part.text = inner;
        if (part.kind == Part::Kind::begin)
            open.push_back(parts_.size());
        if (part.kind == Part::Kind::end) {
            if (open.empty() || parts_[open.back()].text != part.text)
                throw TemplateError("a section \"" + part.text + "\" ends that did not begin");
            parts_[open.back()].end = parts_.size();
            open.pop_back();
        }
        names_.insert(part.text);
        parts_.push_back(std::move(part));
    }
    if (!open.empty())
        throw TemplateError("the section \"" + parts_[open.back()].text + "\" does not end");
}

std::string Template::render(const Values &values, Escape escape) const {
    std::string out;
    for (std::size_t i = 0; i < parts_.size(); i++) {
        const Part &part = parts_[i];
        switch (part.kind) {
        case Part::Kind::text:
            out += part.text;
            break;
        case Part::Kind::field: {
            const auto value = values(part.text);
            if (!value)
                throw TemplateError("there is no merge field \"" + part.text + "\"");
            out += escaped(*value, escape);
            break;
        }
        case Part::Kind::begin:
            if (values(part.text).value_or("").empty())
                i = part.end;
            break;
        case Part::Kind::end:
            break;
        }
    }
    return out;
}

} // namespace gdpr::mail
