#include "mail/mime.hpp"

#include <algorithm>
#include <array>

namespace gdpr::mail {

namespace {

constexpr std::size_t line_length = 76;
// Neither base64 nor quoted-printable can have "=_" in it, so no content contains these.
constexpr const char *mixed = "=_gdpr_mixed", *alternative = "=_gdpr_alternative";

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool atext(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

std::string one_line(std::string_view text) {
    std::string out(text);
    std::replace_if(out.begin(), out.end(), control, ' ');
    return out;
}

std::string base64(std::string_view bytes) {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        unsigned bits = 0;
        for (std::size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0);
        for (std::size_t j = 0; j < 4; j++)
            out += j <= left ? digits[bits >> (18 - 6 * j) & 63] : '=';
    }
    return out;
}

/// How many bytes of the text, at most so many, end with a whole character of UTF-8.
std::size_t whole_characters(std::string_view text, std::size_t most) {
    if (text.size() <= most)
        return text.size();
    std::size_t length = most;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80)
        length--;
    return length > 0 ? length : most;
}

bool plain_header(std::string_view value) {
    if (value.find("=?") != std::string_view::npos || value.find("  ") != std::string_view::npos ||
        value.starts_with(' ') || value.ends_with(' '))
        return false;
    std::size_t word = 0;
    for (const char c : value) {
        if (!ascii(c))
            return false;
        word = c == ' ' ? 0 : word + 1;
        if (word > line_length - 20)
            return false;
    }
    return true;
}

/// Words joined by folding white space; `column` is where the first begins.
std::string folded(const std::vector<std::string> &words, std::size_t column) {
    std::string out;
    for (const std::string &word : words) {
        if (!out.empty()) {
            const bool fold = column + 1 + word.size() > line_length;
            out += fold ? "\r\n " : " ";
            column = fold ? 1 : column + 1;
        }
        out += word;
        column += word.size();
    }
    return out;
}

/// RFC 2047: each word whole characters, at most 75 long.
std::vector<std::string> encoded_words(std::string_view value) {
    std::vector<std::string> words;
    while (!value.empty()) {
        const std::size_t length = whole_characters(value, 42);
        words.push_back("=?UTF-8?B?" + base64(value.substr(0, length)) + "?=");
        value.remove_prefix(length);
    }
    return words;
}

std::vector<std::string> words_of(std::string_view value) {
    std::vector<std::string> words{""};
    for (const char c : value)
        if (c == ' ')
            words.emplace_back();
        else
            words.back() += c;
    return words;
}

/// A display name as RFC 5322 has it: atoms, a quoted string or encoded words.
std::vector<std::string> phrase(std::string_view raw) {
    const std::string name = one_line(raw);
    if (!plain_header(name))
        return encoded_words(name);
    if (std::all_of(name.begin(), name.end(), [](char c) { return atext(c) || c == ' '; }))
        return words_of(name);
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\')
            quoted += '\\';
        quoted += c;
    }
    return words_of(quoted + "\"");
}

std::string mailbox_header(std::string_view name, const Mailbox &mailbox) {
    if (mailbox.name.empty())
        return std::string(name) + ": " + mailbox.address + "\r\n";
    std::vector<std::string> words = phrase(mailbox.name);
    words.push_back("<" + mailbox.address + ">");
    return std::string(name) + ": " + folded(words, name.size() + 2) + "\r\n";
}

/// A parameter of a header, on lines of its own; RFC 2231 where it is long or not ASCII.
std::string parameter(std::string_view name, std::string_view raw) {
    const std::string value = one_line(raw);
    const bool plain = value.size() <= 60 && std::all_of(value.begin(), value.end(), ascii);
    if (plain) {
        std::string quoted;
        for (const char c : value) {
            if (c == '"' || c == '\\')
                quoted += '\\';
            quoted += c;
        }
        return ";\r\n " + std::string(name) + "=\"" + quoted + "\"";
    }
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::vector<std::string> parts{"UTF-8''"};
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        const bool literal = std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos ||
                             (ascii(c) && std::string_view("*'%").find(c) == std::string_view::npos && atext(c));
        const std::string coded = literal ? std::string(1, c) : std::string{'%', hex[byte >> 4], hex[byte & 15]};
        if (parts.back().size() + coded.size() > 50)
            parts.emplace_back();
        parts.back() += coded;
    }
    std::string out;
    for (std::size_t i = 0; i < parts.size(); i++)
        out += ";\r\n " + std::string(name) + (parts.size() > 1 ? "*" + std::to_string(i) : "") + "*=" + parts[i];
    return out;
}

std::string text_part(std::string_view type, std::string_view text) {
    return "Content-Type: " + std::string(type) +
           "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(text);
}

std::string multipart(std::string_view kind, std::string_view boundary, const std::vector<std::string> &parts) {
    std::string out =
        "Content-Type: multipart/" + std::string(kind) + "; boundary=\"" + std::string(boundary) + "\"\r\n\r\n";
    for (const std::string &part : parts)
        out.append("--").append(boundary).append("\r\n").append(part).append("\r\n");
    return out.append("--").append(boundary).append("--\r\n");
}

std::string attachment_part(const Attachment &attachment) {
    return "Content-Type: " + one_line(attachment.type) + "\r\nContent-Transfer-Encoding: base64\r\n" +
           "Content-Disposition: attachment" + parameter("filename", attachment.name) + "\r\n\r\n" +
           base64_lines(attachment.content);
}

} // namespace

bool is_address(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254)
        return false;
    const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
    const auto dotted = [](std::string_view part, auto &&allowed) {
        bool dot = true; // neither at the ends, nor two in a row
        for (const char c : part) {
            if (c == '.' ? dot : ascii(c) && !allowed(c))
                return false;
            dot = c == '.';
        }
        return !dot;
    };
    return dotted(local, atext) && dotted(domain, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
           });
}

std::optional<Mailbox> mailbox(std::string_view text) {
    const auto trim = [](std::string_view part) {
        while (!part.empty() && part.front() == ' ')
            part.remove_prefix(1);
        while (!part.empty() && part.back() == ' ')
            part.remove_suffix(1);
        return part;
    };
    text = trim(text);
    Mailbox out{"", std::string(text)};
    const std::size_t open = text.rfind('<');
    if (open != std::string_view::npos && text.ends_with('>')) {
        out.address = text.substr(open + 1, text.size() - open - 2);
        std::string_view name = trim(text.substr(0, open));
        if (name.size() > 1 && name.front() == '"' && name.back() == '"')
            name = name.substr(1, name.size() - 2);
        out.name = one_line(name);
    }
    return is_address(out.address) ? std::optional(out) : std::nullopt;
}

std::string domain_of(std::string_view address) {
    std::string domain(address.substr(std::min(address.size(), address.rfind('@') + 1)));
    for (char &c : domain)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return domain;
}

std::string header(std::string_view name, std::string_view raw) {
    const std::string value = one_line(raw);
    return std::string(name) + ": " +
           folded(plain_header(value) ? words_of(value) : encoded_words(value), name.size() + 2) + "\r\n";
}

std::string base64_lines(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() / 57 * 78 + 80);
    for (std::size_t i = 0; i < bytes.size(); i += 57)
        out.append(base64(bytes.substr(i, 57))).append("\r\n");
    return out;
}

std::string quoted_printable(std::string_view text) {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    std::size_t column = 0;
    const auto put = [&](std::string_view piece, bool last) {
        if (column + piece.size() > (last ? line_length : line_length - 1)) {
            out += "=\r\n";
            column = 0;
        }
        out += piece;
        column += piece.size();
    };
    for (std::size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')) {
            i += c == '\r' ? 1 : 0;
            out += "\r\n";
            column = 0;
            continue;
        }
        const bool at_end = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
        const bool literal = (byte > 0x20 && byte < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !at_end);
        if (literal)
            put({&c, 1}, at_end);
        else
            put(std::array{'=', hex[byte >> 4], hex[byte & 15], '\0'}.data(), at_end);
    }
    return out;
}

std::string mime(const Mail &mail) {
    std::string body = text_part("text/plain", mail.text);
    if (mail.html)
        body = multipart("alternative", alternative, {body, text_part("text/html", *mail.html)});
    if (!mail.attachments.empty()) {
        std::vector<std::string> parts{std::move(body)};
        for (const Attachment &each : mail.attachments)
            parts.push_back(attachment_part(each));
        body = multipart("mixed", mixed, parts);
    }
    return mailbox_header("From", mail.from) + mailbox_header("To", mail.to) + header("Subject", mail.subject) +
           "Date: " + one_line(mail.date) + "\r\nMessage-ID: " + one_line(mail.message_id) +
           "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n" + body;
}

} // namespace gdpr::mail
