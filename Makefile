# gdpr: build with PGXS.
#
#   make                      build gdpr.so and gdpr--<version>.sql
#   make install              install into the server that pg_config names
#   make installcheck         SQL, isolation and TAP tests against a running server
#   make unit                 unit tests of the code that needs no server
#   make fuzz                 libFuzzer on the decoders of stored values and literals; needs clang
#   make test                 everything, on a private server of its own
#   make drivers              real drivers and ORMs against it, on a private server; installs them
#   make bench                what encryption, gates and the rights cost, each on a private server of its own
#   make demo                 the walk-through, on a private server of its own
#   make deps                 install the Debian packages the above need
#   make format, make lint    clang-format; clang-tidy and cppcheck
#
# PG_CONFIG, CXX, DESTDIR and the PG* variables of libpq are honoured.
# WERROR= builds with warnings that do not stop the build.

PG_CONFIG ?= pg_config
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" gdpr.control)

# These must work on a machine that has neither PostgreSQL nor a compiler.
LONE_GOALS := deps test drivers demo bench format
ifneq (,$(filter-out $(LONE_GOALS),$(or $(MAKECMDGOALS),all)))
PGXS := $(shell $(PG_CONFIG) --pgxs)
endif

# ---- What is built ---------------------------------------------------------

EXTENSION = gdpr
MODULE_big = gdpr
SRCS := $(sort $(wildcard src/*.cpp src/*/*.cpp))
OBJS := $(SRCS:.cpp=.o)

# Upgrade scripts: one from every earlier version, straight to this one.
OLD_VERSIONS := $(sort $(foreach f,$(basename $(notdir $(wildcard src/upgrade/*--*.sql))),$(firstword $(subst --, ,$(f)))))
DATA_built = gdpr--$(EXTVERSION).sql $(patsubst %,gdpr--%--$(EXTVERSION).sql,$(OLD_VERSIONS))
EXTRA_CLEAN = build gdpr--*.sql.tmp $(OBJS:.o=.d) $(wildcard test/wall/wall.[ods]*)

# Code that knows nothing of PostgreSQL: unit tests link it alone.
PURE := $(sort $(wildcard src/cipher/*.cpp src/gate/shape.cpp src/journal/file.cpp src/journal/match.cpp src/journal/record.cpp src/encrypted/literal_text.cpp src/key/keyring.cpp src/key/command.cpp src/key/secret_text.cpp src/label/grammar*.cpp src/mail/mime.cpp src/mail/pace.cpp src/mail/template.cpp src/report/drawing.cpp src/rights/format.cpp src/rights/normalise.cpp src/subject/plan*.cpp))

# ---- How it is compiled ----------------------------------------------------

WERROR ?= -Werror
GDPR_CXXFLAGS = -std=gnu++20 -Wall -Wextra $(WERROR) -Wno-register -Wno-unused-parameter -Wno-missing-field-initializers \
	-fvisibility=hidden -fvisibility-inlines-hidden
# A server that gcc compiled hands its own warning options to every compiler.
CLANG_CXXFLAGS = $(if $(findstring clang,$(CXX)),-Wno-unknown-warning-option -Wno-ignored-optimization-argument)

# Intel's library for IPsec is the faster cipher where it is installed, and not older than 1.3; see src/cipher/gcm.hpp.
# IPSEC_MB= builds without.
HASH := \#
ifeq ($(origin IPSEC_MB),undefined)
IPSEC_MB := $(shell printf '$(HASH)include <intel-ipsec-mb.h>\nint main() { return (IMB_FEATURE_SELF_TEST_PASS) == 0; }\n' | \
	$(CXX) -o /dev/null -xc++ - -lIPSec_MB >/dev/null 2>&1 && echo yes)
endif
CIPHER_FLAGS = $(if $(IPSEC_MB),-DGDPR_IPSEC_MB)
CIPHER_LINK = -lcrypto $(if $(IPSEC_MB),-lIPSec_MB)

# PostgreSQL's headers are system headers, so that warnings are about this code
# only; and servers before 16 leave PGDLLEXPORT empty, which would hide _PG_init.
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DPGDLLEXPORT='__attribute__((visibility("default")))'
PG_CXXFLAGS = $(GDPR_CXXFLAGS) $(CLANG_CXXFLAGS) $(CIPHER_FLAGS) -MMD -MP
SHLIB_LINK = -lcurl $(CIPHER_LINK) -lstdc++

# ---- Tests against a running server ----------------------------------------
# Expanded at once, because PGXS asks whether they are empty.

REGRESS := $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=. --load-extension=pgcrypto --load-extension=gdpr
ISOLATION := $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=pgcrypto --load-extension=gdpr
PROVE_TESTS := $(sort $(wildcard test/tap/*.pl))
TAP_TESTS := $(if $(PROVE_TESTS),1)

ifdef PGXS
override autodepend := no
# No bitcode, which the server's JIT inlines functions from: it takes every symbol for a function and dies of the
# aliases that C++ constructors are (PostgreSQL 17, LLVM 19), and nothing is to be gained beside the cipher's cost.
# JIT-compiled expressions call the functions as they are.
override with_llvm := no
include $(PGXS)

-include $(wildcard $(OBJS:.o=.d))

# Another server version, compiler or set of flags compiles everything anew.
$(OBJS) test/wall/wall.o: build/compiled-with
build/compiled-with: FORCE
	@mkdir -p $(@D)
	@echo "$(VERSION) $(CXX) $(CXXFLAGS)" | cmp -s - $@ || echo "$(VERSION) $(CXX) $(CXXFLAGS)" >$@
endif
.PHONY: FORCE

gdpr--$(EXTVERSION).sql: src/parts.list $(wildcard src/*.sql src/*/*.sql) gdpr.control tools/assemble-sql
	tools/assemble-sql >$@.tmp && mv $@.tmp $@

gdpr--%--$(EXTVERSION).sql: src/parts.list $(wildcard src/*.sql src/*/*.sql) gdpr.control tools/assemble-sql
	tools/assemble-sql $* >$@.tmp && mv $@.tmp $@

# ---- Unit tests ------------------------------------------------------------
# Compiled without PostgreSQL's headers in reach, and with sanitizers.

SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_CXX = $(CXX) $(GDPR_CXXFLAGS) $(CIPHER_FLAGS) -g -O1 $(SANITIZE) -Isrc -MMD -MP
UNIT_PURE := $(PURE:%.cpp=build/unit/%.o)
UNIT_TESTS := $(patsubst %.cpp,build/unit/%,$(sort $(wildcard test/unit/*.cpp)))

build/unit/%.o: %.cpp build/unit/compiled-with
	@mkdir -p $(@D)
	$(UNIT_CXX) -c -o $@ $<

build/unit/compiled-with: FORCE
	@mkdir -p $(@D)
	@echo "$(UNIT_CXX)" | cmp -s - $@ || echo "$(UNIT_CXX)" >$@

$(UNIT_TESTS): %: %.o $(UNIT_PURE)
	$(UNIT_CXX) -o $@ $^ -lgtest -lgtest_main $(CIPHER_LINK) -pthread

.PHONY: unit-build unit
unit-build: $(UNIT_TESTS)
unit: unit-build
	@set -e; for t in $(UNIT_TESTS); do echo "# $$t"; $$t --gtest_brief=1; done

.SECONDARY: $(UNIT_TESTS:=.o) $(UNIT_PURE)
-include $(wildcard $(UNIT_PURE:.o=.d) $(UNIT_TESTS:=.d))

# ---- Fuzzing ---------------------------------------------------------------
# By clang's libFuzzer: make fuzz FUZZ="-max_total_time=600". The same seed and number of runs each time by default.

FUZZ ?= -seed=1 -runs=20000 -max_total_time=10
FUZZERS := $(patsubst test/fuzz/%.cpp,build/fuzz/%,$(sort $(wildcard test/fuzz/*.cpp)))
FUZZ_PURE := $(sort $(wildcard src/cipher/*.cpp src/encrypted/literal_text.cpp))

build/fuzz/%: test/fuzz/%.cpp $(FUZZ_PURE) $(wildcard src/cipher/*.hpp src/encrypted/*.hpp)
	@mkdir -p $(@D)
	clang++ -std=gnu++20 -Wall -Wextra -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc $(CIPHER_FLAGS) \
		-o $@ $< $(FUZZ_PURE) $(CIPHER_LINK)

.PHONY: fuzz-build fuzz
fuzz-build: $(FUZZERS)
fuzz: fuzz-build
	@set -e; for f in $(FUZZERS); do echo "# $$f"; $$f $(FUZZ) -artifact_prefix=build/fuzz/ -verbosity=0 -print_final_stats=1; done

# ---- A module that fails through the wall, for a test ----------------------
# Loaded by its path and never installed.

WALL = test/wall/wall.so
WALL_OBJS = test/wall/wall.o $(patsubst %.cpp,%.o,$(sort $(wildcard src/pg/*.cpp)))
$(WALL): $(WALL_OBJS)
	$(CXX) $(CXXFLAGS) $(CFLAGS_SL) -shared -o $@ $^ $(LDFLAGS) $(LDFLAGS_SL) -lstdc++

.PHONY: wall
wall: $(WALL)
installcheck: $(WALL)
-include test/wall/wall.d

# ---- The rest --------------------------------------------------------------

.PHONY: deps test drivers demo bench format lint
deps:
	test/lib/deps.sh
test:
	test/run
drivers:
	test/drivers/run
demo:
	demo/run
bench:
	bench/encrypted.sh
	bench/pgbench.sh
	bench/gates.sh
	bench/blocklist.sh
	bench/rights.sh
	bench/restriction.sh

FORMATTED = $(sort $(wildcard src/*.cpp src/*.hpp src/*/*.cpp src/*/*.hpp test/unit/*.cpp test/unit/*.hpp test/wall/*.cpp test/fuzz/*.cpp))
format:
	clang-format -i $(FORMATTED)

# One clang-tidy a file, so that make -j runs them side by side.
lint: format-check cppcheck $(SRCS:%=tidy/%)
format-check:
	clang-format --dry-run -Werror $(FORMATTED)
cppcheck:
	cppcheck --quiet --std=c++20 --language=c++ --error-exitcode=1 --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem --suppress=preprocessorErrorDirective --suppress=unknownMacro --suppress=missingReturn -Isrc $(SRCS)
$(SRCS:%=tidy/%): tidy/%: %
	clang-tidy --quiet $< -- -xc++ $(filter-out $(WERROR),$(GDPR_CXXFLAGS)) $(CIPHER_FLAGS) $(CPPFLAGS)
.PHONY: format-check cppcheck $(SRCS:%=tidy/%)
