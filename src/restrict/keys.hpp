// Keys of people, or of rows that belong to them, in the form in which a column holds them: asked for every row.
#pragma once

#include "pg/error.hpp"

#include <unordered_set>

namespace gdpr::restriction {

/// How the values of a key column are compared by what they are made of: no text is made of them and no operator
/// called.
class Form {
  public:
    /// Nothing where equal keys need not have equal bytes.
    static std::optional<Form> of(Oid type, Oid collation);

    bool number() const noexcept { return type_ == INT4OID || type_ == INT8OID || type_ == INT2OID; }
    /// Are keys of both forms the same exactly when what they are made of is?
    bool matches(const Form &other) const noexcept {
        return number() ? other.number() : !other.number() && (type_ == UUIDOID) == (other.type_ == UUIDOID);
    }

    std::int64_t number(Datum value) const noexcept {
        return type_ == INT4OID ? DatumGetInt32(value) : type_ == INT8OID ? DatumGetInt64(value) : DatumGetInt16(value);
    }
    /// Valid as long as the value, or the current memory context.
    std::string_view bytes(Datum value) const {
        const char *data = DatumGetPointer(value);
        if (type_ == UUIDOID)
            return {data, UUID_LEN};
        if (VARATT_IS_EXTENDED(data) && !VARATT_IS_SHORT(data))
            data = pg::call([&] { return reinterpret_cast<char *>(PG_DETOAST_DATUM_PACKED(value)); });
        return {VARDATA_ANY(data), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(data))};
    }

    /// From a key's text as gdpr.* has it: a value of number() or bytes(). False where it cannot be one.
    bool parse(const std::string &text, std::int64_t &number) const;
    std::string parse(const std::string &text) const;
    /// And back.
    std::string text(Datum value) const;

    Oid type() const noexcept { return type_; }

  private:
    explicit Form(Oid type) noexcept : type_(type) {}

    Oid type_;
};

/// A set that is made once and asked often. Nearly every question is about a key that is not in it.
class Keys {
  public:
    Keys(Form form, std::size_t expected);

    void add(Datum value);
    /// A key's text as gdpr.* has it; one that cannot be a key of this form is nobody's.
    void add(const std::string &text);
    void remove(const std::string &text);
    /// One that each() of another set of the same form visits.
    void add_key(Datum value) {
        if (form_.number())
            add_number(DatumGetInt64(value));
        else
            add(value);
    }

    bool contains(Datum value) const {
        return form_.number() ? contains(form_.number(value)) : contains(form_.bytes(value));
    }
    /// Of a column of its own form: an int8 column may refer to an int4 key.
    bool contains(const Form &form, Datum value) const {
        return form.number() ? contains(form.number(value)) : contains(form.bytes(value));
    }
    bool contains(std::int64_t number) const noexcept {
        const std::uint64_t at = place(static_cast<std::uint64_t>(number)) & marks_mask_;
        return (marks_[at / 64] >> (at % 64) & 1) != 0 && holds(number);
    }
    bool contains(std::string_view bytes) const {
        return marked(mix(Hash()(bytes))) && texts_.find(bytes) != texts_.end();
    }

    std::size_t size() const noexcept { return size_; }
    const Form &form() const noexcept { return form_; }

    /// Visits every key as a datum of the form's type (integers as int8), in no order.
    template <typename Visit> void each(Visit visit) const {
        for (std::size_t at = 0; at < used_.size(); at++)
            if (used_[at])
                visit(Int64GetDatum(numbers_[at]));
        for (const std::string &bytes : texts_)
            visit(datum(bytes));
    }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view bytes) const noexcept { return std::hash<std::string_view>()(bytes); }
    };

    static std::uint64_t mix(std::uint64_t value) noexcept {
        value *= 0x9E3779B97F4A7C15;
        return value ^ (value >> 32);
    }
    /// The mark of an integer. Keys that are close have marks that are close: rows mostly lie in the order of some key,
    /// and the marks that a scan asks for are then in the processor's nearest cache.
    static std::uint64_t place(std::uint64_t number) noexcept { return number + mix(number >> 12); }
    /// Those of other keys: two bits of one word.
    static std::uint64_t bits(std::uint64_t hash) noexcept {
        return std::uint64_t{1} << (hash & 63) | std::uint64_t{1} << ((hash >> 58) & 63);
    }
    bool marked(std::uint64_t hash) const noexcept { return (~marks_[(hash & marks_mask_) / 64] & bits(hash)) == 0; }
    void mark(std::uint64_t hash) noexcept { marks_[(hash & marks_mask_) / 64] |= bits(hash); }
    bool holds(std::int64_t number) const noexcept;
    void add_number(std::int64_t number);
    void add_bytes(std::string_view bytes);
    void grow();
    Datum datum(const std::string &bytes) const;

    Form form_;
    std::size_t size_ = 0;
    std::uint64_t mask_ = 0, marks_mask_ = 0;
    std::vector<std::uint64_t> marks_; // where no key is marked there is none; few bits for each key
    std::vector<std::int64_t> numbers_;
    std::vector<char> used_;
    std::unordered_set<std::string, Hash, std::equal_to<>> texts_;
};

} // namespace gdpr::restriction
