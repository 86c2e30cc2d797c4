// Sort support: each value is decrypted once, as its "abbreviated key", and compared as plaintext by the plain type's
// own sort support. The plaintext lies in an arena that is cleansed with the sort and begun anew with each run that
// the sort spills. Beyond the arena, which only values stored out of line can overflow, keys stay sealed and are opened
// at each comparison.
//
// DISTINCT, mode() and dense_rank() take two values for different when their abbreviated keys differ in any bit. So
// equal values must get the very same key: a table of the values seen gives the first one's.
#include "encrypted/value.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"

using namespace gdpr;
using encrypted::EncryptedType;
using encrypted::Opened;

namespace {

static_assert(sizeof(Datum) == 8, "an abbreviated key has a bit to spare only where pointers have 64");

// Marks an abbreviated key that is still sealed. Linux on x86-64 (57 bits of address at most), arm64 (52, and tags in
// bits 56 to 59), ppc64, riscv64 and s390x never hands out an address with this bit; SPARC does: see supported().
constexpr Datum sealed_mark = static_cast<Datum>(1) << 63;
// An ordered aggregate makes a sort for each group: begin small.
constexpr std::size_t first_block = 1024, largest_block = 65536;
constexpr std::size_t first_slots = 32;

struct Block {
    Block *previous;
    std::size_t size;
};

/// A value seen: what its abbreviated key is.
struct Seen {
    std::uint64_t hash;
    Datum key; // 0 where the slot is free
};

/// What one sort, or one run of it, has decrypted. Its context's reset, on success or error, cleanses it.
struct Arena {
    MemoryContext context;
    MemoryContextCallback at_reset;
    Block *last;
    char *next, *end;
    std::size_t left;
    Seen *seen; // open addressing; the number of slots is a power of two
    std::size_t slots, used;
};

struct DecryptingSort {
    const EncryptedType *type;
    SortSupportData plain;
    bool image_equal; // equal values have equal bytes
    Arena arena;
    bool tied;     // the two values just compared are equal, and the sort will ask compare_sealed to confirm it
    bool compared; // since the last key was made: the run has been sorted, and no key of it is needed any more
};

void cleanse_arena(void *argument) {
    auto *arena = static_cast<Arena *>(argument);
    for (Block *block = arena->last; block != nullptr; block = block->previous)
        cipher::cleanse(block + 1, block->size);
    if (arena->seen != nullptr)
        cipher::cleanse(arena->seen, arena->slots * sizeof(Seen));
}

/// The memory that this sort itself may use: an index build has maintenance_work_mem.
std::size_t allowance() {
    const bool builds_index = MyBEEntry != nullptr && MyBEEntry->st_progress_command == PROGRESS_COMMAND_CREATE_INDEX;
    return static_cast<std::size_t>(builds_index ? maintenance_work_mem : work_mem) * 1024;
}

void begin_arena(Arena *arena) {
    MemoryContextReset(arena->context);
    arena->last = nullptr;
    arena->next = arena->end = nullptr;
    arena->left = allowance();
    arena->seen = nullptr;
    arena->slots = arena->used = 0;
    arena->at_reset.func = cleanse_arena;
    arena->at_reset.arg = arena;
    MemoryContextRegisterResetCallback(arena->context, &arena->at_reset);
}

/// Room for a plaintext, or null when the arena is full.
char *room(Arena *arena, std::size_t size) {
    size = MAXALIGN(size);
    if (arena->next == nullptr || static_cast<std::size_t>(arena->end - arena->next) < size) {
        const std::size_t usual = arena->last == nullptr ? first_block : std::min(arena->last->size * 2, largest_block);
        const std::size_t wanted = std::max(size, usual);
        if (wanted > arena->left || !AllocSizeIsValid(sizeof(Block) + wanted))
            return nullptr;
        auto *block = static_cast<Block *>(MemoryContextAlloc(arena->context, sizeof(Block) + wanted));
        *block = {arena->last, wanted};
        arena->last = block;
        arena->left -= wanted;
        arena->next = reinterpret_cast<char *>(block + 1);
        arena->end = arena->next + wanted;
    }
    char *place = arena->next;
    arena->next += size;
    return place;
}

/// The plaintext behind an abbreviated key, opened first where it is still sealed.
class Key {
  public:
    Key(const DecryptingSort *sort, Datum key) : sealed_((key & sealed_mark) != 0) {
        if (sealed_)
            new (space_) Opened(*sort->type, key & ~sealed_mark);
        value_ = sealed_ ? opened()->value() : key;
    }
    Datum value() const noexcept { return value_; }
    void release() noexcept {
        if (sealed_)
            opened()->release();
    }

  private:
    Opened *opened() noexcept { return reinterpret_cast<Opened *>(space_); }
    bool sealed_;
    Datum value_;
    alignas(Opened) char space_[sizeof(Opened)];
};

int compare_plain(DecryptingSort *sort, Datum left, Datum right) {
    return sort->plain.comparator(left, right, &sort->plain);
}

int compare_sealed(Datum left, Datum right, SortSupport support) {
    auto *sort = static_cast<DecryptingSort *>(support->ssup_extra);
    if (sort->tied) {
        sort->tied = false;
        return 0;
    }
    Opened opened_left(*sort->type, left), opened_right(*sort->type, right);
    const int order = compare_plain(sort, opened_left.value(), opened_right.value());
    opened_left.release();
    opened_right.release();
    return order;
}

/// Tuplesort asks compare_sealed about the same two values at once whenever this says zero, before it looks at any
/// other key; so that can be told that there is nothing to add.
int compare_abbreviated(Datum left, Datum right, SortSupport support) {
    auto *sort = static_cast<DecryptingSort *>(support->ssup_extra);
    sort->compared = true;
    int order = 0;
    if (left == right)
        ;
    else if (sort->type->by_value || ((left | right) & sealed_mark) == 0)
        order = compare_plain(sort, left, right);
    else {
        Key left_key(sort, left), right_key(sort, right);
        order = compare_plain(sort, left_key.value(), right_key.value());
        left_key.release();
        right_key.release();
    }
    sort->tied = order == 0;
    return order;
}

std::uint64_t hash_of(const DecryptingSort *sort, Datum value) {
    const EncryptedType &type = *sort->type;
    if (sort->image_equal && type.length == -1)
        return hash_bytes_extended(reinterpret_cast<const unsigned char *>(VARDATA_ANY(DatumGetPointer(value))),
                                   static_cast<int>(VARSIZE_ANY_EXHDR(DatumGetPointer(value))), 0);
    return DatumGetUInt64(FunctionCall2Coll(&type.hash, sort->plain.ssup_collation, value, Int64GetDatum(0)));
}

bool equal(DecryptingSort *sort, Datum value, Datum known) {
    if (sort->image_equal && sort->type->length == -1 && (known & sealed_mark) == 0) {
        const char *left = DatumGetPointer(value), *right = DatumGetPointer(known);
        return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
               std::memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
    }
    Key key(sort, known);
    const bool same = compare_plain(sort, value, key.value()) == 0;
    key.release();
    return same;
}

void grow(Arena *arena) {
    const std::size_t slots = arena->slots == 0 ? first_slots : arena->slots * 2;
    auto *seen = static_cast<Seen *>(
        MemoryContextAllocExtended(arena->context, slots * sizeof(Seen), MCXT_ALLOC_ZERO | MCXT_ALLOC_HUGE));
    for (std::size_t i = 0; i < arena->slots; i++) {
        if (arena->seen[i].key == 0)
            continue;
        std::size_t at = arena->seen[i].hash & (slots - 1);
        while (seen[at].key != 0)
            at = (at + 1) & (slots - 1);
        seen[at] = arena->seen[i];
    }
    if (arena->seen != nullptr) {
        cipher::cleanse(arena->seen, arena->slots * sizeof(Seen));
        pfree(arena->seen);
    }
    arena->seen = seen;
    arena->slots = slots;
}

/// The slot of this value: with the key of an equal one, or free.
Seen *find_seen(DecryptingSort *sort, std::uint64_t hash, Datum value) {
    Arena *arena = &sort->arena;
    if (arena->used * 4 >= arena->slots * 3)
        grow(arena);
    std::size_t at = hash & (arena->slots - 1);
    while (arena->seen[at].key != 0 && !(arena->seen[at].hash == hash && equal(sort, value, arena->seen[at].key)))
        at = (at + 1) & (arena->slots - 1);
    return &arena->seen[at];
}

Datum abbreviate(Datum sealed, SortSupport support) {
    auto *sort = static_cast<DecryptingSort *>(support->ssup_extra);
    if (sort->type->by_value)
        return encrypted::open(*sort->type, sealed);
    Arena *arena = &sort->arena;
    // Between two values of a run nothing is compared: a sort that has compared has written its run out.
    if (sort->compared) {
        begin_arena(arena);
        sort->compared = false;
    }
    // How long a compressed one is, is seen when it is opened.
    const Datum whole = encrypted::is_compressed(sealed) ? encrypted::open(*sort->type, sealed) : 0;
    char *place =
        room(arena, whole != 0 ? VARSIZE_ANY(DatumGetPointer(whole)) : encrypted::opened_size(*sort->type, sealed));
    if (place != nullptr && whole != 0)
        std::memcpy(place, DatumGetPointer(whole), VARSIZE_ANY(DatumGetPointer(whole)));
    if (whole != 0)
        pfree(DatumGetPointer(whole));
    Key key(sort, place == nullptr ? sealed | sealed_mark
                  : whole != 0     ? PointerGetDatum(place)
                                   : encrypted::open_at(*sort->type, sealed, place));
    const std::uint64_t hash = hash_of(sort, key.value());
    Seen *seen = find_seen(sort, hash, key.value());
    if (seen->key == 0) {
        *seen = {hash, place == nullptr ? sealed | sealed_mark : key.value()};
        arena->used++;
    } else if (place != nullptr)
        arena->next = place; // the room is free again
    key.release();
    return seen->key;
}

bool never_abort(int, SortSupport) { return false; }

/// The plain type's comparator: its sort support, or its comparison function.
void prepare_plain(DecryptingSort *sort) {
    const EncryptedType &type = *sort->type;
    SortSupport plain = &sort->plain;
    const Oid opclass = GetDefaultOpClass(type.plain, BTREE_AM_OID);
    const Oid family = get_opclass_family(opclass), input = get_opclass_input_type(opclass);
    const Oid function = get_opfamily_proc(family, input, input, BTSORTSUPPORT_PROC);
    plain->abbreviate = false;
    if (OidIsValid(function))
        OidFunctionCall1(function, PointerGetDatum(plain));
    if (plain->comparator == nullptr)
        PrepareSortSupportComparisonShim(type.compare.fn_oid, plain);
    const Oid equal_image = get_opfamily_proc(family, input, input, BTEQUALIMAGE_PROC);
    sort->image_equal = OidIsValid(equal_image) &&
                        DatumGetBool(OidFunctionCall1Coll(equal_image, plain->ssup_collation, ObjectIdGetDatum(input)));
}

/// Can keys be abbreviated so that equal values get the same one?
bool supported(const DecryptingSort *sort) {
    if (sort->type->by_send)
        return false; // how long the plaintext is, is not known before
    if (sort->type->by_value)
        return sort->image_equal;
    return OidIsValid(sort->type->hash.fn_oid) && (PointerGetDatum(sort) & sealed_mark) == 0;
}

/// Only the function's name says for which type it is asked: the type's, and then `suffix`.
void set_up(FunctionCallInfo fcinfo, std::string_view suffix, bool by_bytes) {
    auto *support = reinterpret_cast<SortSupport>(PG_GETARG_POINTER(0));
    char *name = get_func_name(fcinfo->flinfo->fn_oid);
    name[std::strlen(name) - suffix.size()] = '\0';
    const Oid encrypted = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
                                          ObjectIdGetDatum(get_namespace_oid("gdpr", false)));

    auto *sort = static_cast<DecryptingSort *>(MemoryContextAllocZero(support->ssup_cxt, sizeof(DecryptingSort)));
    sort->type = &encrypted::type_of(encrypted);
    sort->plain.ssup_cxt = support->ssup_cxt;
    sort->plain.ssup_collation =
        by_bytes ? encrypted::collation_for_bytes(support->ssup_collation) : support->ssup_collation;
    prepare_plain(sort);
    support->ssup_extra = sort;
    support->comparator = compare_sealed;
    if (!support->abbreviate || !supported(sort))
        return;

    sort->arena.context = AllocSetContextCreate(support->ssup_cxt, "gdpr sort", ALLOCSET_DEFAULT_SIZES);
    begin_arena(&sort->arena);
    support->comparator = compare_abbreviated;
    support->abbrev_converter = abbreviate;
    support->abbrev_abort = never_abort;
    support->abbrev_full_comparator = compare_sealed;
}

} // namespace

/// gdpr.<type>_sortsupport(internal)
GDPR_FUNCTION(gdpr_sortsupport) {
    set_up(fcinfo, "_sortsupport", false);
    PG_RETURN_VOID();
}

/// gdpr.<type>_pattern_sortsupport(internal)
GDPR_FUNCTION(gdpr_pattern_sortsupport) {
    set_up(fcinfo, "_pattern_sortsupport", true);
    PG_RETURN_VOID();
}
