#include "pg/formats.hpp"

#include "pg/error.hpp"

namespace gdpr::pg {

namespace {

constexpr std::pair<const char *, const char *> formats[] = {{"datestyle", "ISO, YMD"},   {"intervalstyle", "postgres"},
                                                             {"timezone", "UTC"},         {"bytea_output", "hex"},
                                                             {"extra_float_digits", "1"}, {"xmlbinary", "base64"}};

} // namespace

PinnedFormats::PinnedFormats()
    : level_(call([] {
          const int level = NewGUCNestLevel();
          for (const auto &[name, value] : formats)
              (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
          return level;
      })),
      in_flight_(std::uncaught_exceptions()) {}

PinnedFormats::~PinnedFormats() {
    // On error the abort restores the settings.
    if (std::uncaught_exceptions() == in_flight_)
        AtEOXact_GUC(false, level_);
}

bool depends_on_formats(Oid type) {
    // Those that PostgreSQL declares immutable although a setting changes them.
    if (type == BYTEAOID || type == FLOAT4OID || type == FLOAT8OID || type == XMLOID)
        return true;
    return call([&] {
        Oid output;
        bool variable;
        getTypeOutputInfo(type, &output, &variable);
        return func_volatile(output) != PROVOLATILE_IMMUTABLE;
    });
}

} // namespace gdpr::pg
