#include "restrict/keys.hpp"

#include "pg/pg.hpp"

#include <bit>
#include <charconv>

namespace gdpr::restriction {

std::optional<Form> Form::of(Oid type, Oid collation) {
    const Form form(type);
    if (form.number() || type == UUIDOID)
        return form;
    // Other collations may call different bytes equal.
    if ((type == TEXTOID || type == VARCHAROID) && pg::call([&] { return get_collation_isdeterministic(collation); }))
        return form;
    return std::nullopt;
}

bool Form::parse(const std::string &text, std::int64_t &number) const {
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end;
}

std::string Form::parse(const std::string &text) const {
    if (type_ != UUIDOID)
        return text;
    const Datum uuid = pg::call([&] { return DirectFunctionCall1(uuid_in, CStringGetDatum(text.c_str())); });
    return {DatumGetPointer(uuid), UUID_LEN};
}

std::string Form::text(Datum value) const {
    if (number())
        return std::to_string(number(value));
    if (type_ == UUIDOID)
        return pg::call([&] { return DatumGetCString(DirectFunctionCall1(uuid_out, value)); });
    return std::string(bytes(value));
}

Keys::Keys(Form form, std::size_t expected) : form_(form) {
    const std::size_t slots = std::bit_ceil(std::max<std::size_t>(expected * 2, 16));
    // Thirty-two bits for each integer, of which it marks one; sixteen for another key, which marks two.
    marks_.resize(std::max<std::size_t>(slots / (form_.number() ? 4 : 8), 8));
    marks_mask_ = marks_.size() * 64 - 1;
    if (!form_.number())
        return;
    numbers_.resize(slots);
    used_.resize(slots);
    mask_ = slots - 1;
}

void Keys::add(Datum value) {
    if (form_.number())
        add_number(form_.number(value));
    else
        add_bytes(form_.bytes(value));
}

void Keys::add(const std::string &text) {
    std::int64_t number = 0;
    if (!form_.number())
        add_bytes(form_.parse(text));
    else if (form_.parse(text, number))
        add_number(number);
}

/// The bits of a key that is gone stay marked; they only cost a look into the table.
void Keys::remove(const std::string &text) {
    std::int64_t number = 0;
    if (!form_.number()) {
        size_ -= texts_.erase(form_.parse(text));
        return;
    }
    if (!form_.parse(text, number) || !contains(number))
        return;
    std::size_t at = mix(static_cast<std::uint64_t>(number)) & mask_;
    while (numbers_[at] != number || !used_[at])
        at = (at + 1) & mask_;
    used_[at] = 0;
    size_--;
    // Those behind it may have been put there because its place was taken.
    for (std::size_t next = (at + 1) & mask_; used_[next]; next = (next + 1) & mask_) {
        used_[next] = 0;
        size_--;
        add_number(numbers_[next]);
    }
}

bool Keys::holds(std::int64_t number) const noexcept {
    for (std::size_t at = mix(static_cast<std::uint64_t>(number)) & mask_; used_[at]; at = (at + 1) & mask_)
        if (numbers_[at] == number)
            return true;
    return false;
}

void Keys::add_number(std::int64_t number) {
    if (contains(number))
        return;
    if ((size_ + 1) * 2 > used_.size())
        grow();
    std::size_t at = mix(static_cast<std::uint64_t>(number)) & mask_;
    while (used_[at])
        at = (at + 1) & mask_;
    used_[at] = 1;
    numbers_[at] = number;
    const std::uint64_t bit = place(static_cast<std::uint64_t>(number)) & marks_mask_;
    marks_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    size_++;
}

void Keys::add_bytes(std::string_view bytes) {
    if (!texts_.emplace(bytes).second)
        return;
    size_++;
    if (size_ * 16 > marks_.size() * 64)
        grow();
    else
        mark(mix(Hash()(bytes)));
}

void Keys::grow() {
    Keys larger(form_, size_ * 2);
    for (std::size_t at = 0; at < used_.size(); at++)
        if (used_[at])
            larger.add_number(numbers_[at]);
    larger.texts_ = std::move(texts_);
    for (const std::string &each : larger.texts_)
        larger.mark(mix(Hash()(each)));
    larger.size_ = size_;
    *this = std::move(larger);
}

Datum Keys::datum(const std::string &bytes) const {
    if (form_.type() == UUIDOID)
        return PointerGetDatum(bytes.data());
    return pg::text_datum(bytes);
}

} // namespace gdpr::restriction
