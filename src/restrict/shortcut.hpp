// The common case made cheap: the columns hold the keys of the people themselves, and equal keys have equal bytes.
#pragma once

#include "pg/error.hpp"

namespace gdpr::restriction {

/// Whether a row is permitted, told by comparing bytes: no text is made of a key and nothing is looked up. Holds the
/// restricted people as of the last refresh().
class Shortcut {
  public:
    /// Nothing where rows find their people in another way, where keys are neither integers, uuids nor text, or where
    /// too many people are restricted. `columns` are those that are passed to the predicate.
    static std::optional<Shortcut> find(::Relation relation, const std::vector<AttrNumber> &columns);

    /// For the arguments after the first, in the order of `columns`.
    bool permitted(FunctionCallInfo fcinfo) const {
        for (const Way &way : ways_)
            if (const NullableDatum &argument = fcinfo->args[way.argument]; !argument.isnull)
                if (way.integers() ? std::binary_search(way.numbers.begin(), way.numbers.end(), number(way, argument))
                                   : std::binary_search(way.texts.begin(), way.texts.end(), bytes(way, argument)))
                    return false;
        return true;
    }

  private:
    /// One column that names a person, and the keys of those who are restricted, in order.
    struct Way {
        std::size_t argument;
        Oid type;
        std::vector<std::int64_t> numbers;
        std::vector<std::string> texts;

        bool integers() const noexcept { return type == INT4OID || type == INT8OID || type == INT2OID; }
    };

    static std::int64_t number(const Way &way, const NullableDatum &argument) noexcept {
        return way.type == INT4OID   ? DatumGetInt32(argument.value)
               : way.type == INT8OID ? DatumGetInt64(argument.value)
                                     : DatumGetInt16(argument.value);
    }

    static std::string_view bytes(const Way &way, const NullableDatum &argument) {
        const char *value = DatumGetPointer(argument.value);
        if (way.type == UUIDOID)
            return {value, UUID_LEN};
        if (VARATT_IS_EXTENDED(value) && !VARATT_IS_SHORT(value))
            value = pg::call([&] { return reinterpret_cast<char *>(PG_DETOAST_DATUM_PACKED(argument.value)); });
        return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
    }

    /// Takes the keys of the restricted people; false where they cannot be compared this way.
    static bool fill(Way &way, Oid subject_table);

    std::vector<Way> ways_;
};

} // namespace gdpr::restriction
