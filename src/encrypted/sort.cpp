// Sort support: each value is decrypted once, as its "abbreviated key", and compared as plaintext by the plain type's
// own sort support. What is decrypted lies in an arena as large as the sort's own memory, cleansed with it; beyond
// that values stay sealed and are opened at each comparison.
#include "encrypted/value.hpp"
#include "key/key.hpp"
#include "pg/pg.hpp"

using namespace gdpr;
using encrypted::EncryptedType;
using encrypted::Opened;

namespace {

struct Block {
    Block *previous;
    std::size_t size;
};

/// Plaintext of one sort. Its context's reset, on success or error, cleanses it.
struct Arena {
    MemoryContext context;
    MemoryContextCallback at_reset;
    Block *last;
    char *next, *end;
    std::size_t left;
};

struct DecryptingSort {
    const EncryptedType *type;
    SortSupportData plain;
    Arena arena;
    bool tied; // the abbreviated keys just compared were whole plaintexts, and equal
};

constexpr std::size_t block_size = 64 * 1024;
// An address in user space never has it: marks an abbreviated key that is still sealed.
constexpr Datum sealed_mark = static_cast<Datum>(1) << 63;

void cleanse_arena(void *argument) {
    for (Block *block = static_cast<Arena *>(argument)->last; block != nullptr; block = block->previous)
        cipher::cleanse(block + 1, block->size);
}

/// Room for a plaintext, or null when the arena is full.
char *room(Arena *arena, std::size_t size) {
    size = MAXALIGN(size);
    if (arena->next == nullptr || static_cast<std::size_t>(arena->end - arena->next) < size) {
        const std::size_t wanted = std::max(size, block_size);
        if (wanted > arena->left)
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

/// Tuplesort asks compare_sealed next whenever this says zero, so it can be told that there is nothing to add.
int compare_abbreviated(Datum left, Datum right, SortSupport support) {
    auto *sort = static_cast<DecryptingSort *>(support->ssup_extra);
    if (sort->type->by_value || ((left | right) & sealed_mark) == 0) {
        const int order = compare_plain(sort, left, right);
        sort->tied = order == 0;
        return order;
    }
    const auto side = [&](Datum key, Opened *space) {
        if ((key & sealed_mark) == 0)
            return key;
        new (space) Opened(*sort->type, key & ~sealed_mark);
        return space->value();
    };
    alignas(Opened) char left_space[sizeof(Opened)], right_space[sizeof(Opened)];
    auto *opened_left = reinterpret_cast<Opened *>(left_space), *opened_right = reinterpret_cast<Opened *>(right_space);
    const int order = compare_plain(sort, side(left, opened_left), side(right, opened_right));
    if ((left & sealed_mark) != 0)
        opened_left->release();
    if ((right & sealed_mark) != 0)
        opened_right->release();
    sort->tied = order == 0;
    return order;
}

Datum abbreviate(Datum sealed, SortSupport support) {
    auto *sort = static_cast<DecryptingSort *>(support->ssup_extra);
    if (sort->type->by_value)
        return encrypted::open(*sort->type, sealed);
    char *place = room(&sort->arena, encrypted::opened_size(*sort->type, sealed));
    return place == nullptr ? sealed | sealed_mark : encrypted::open_at(*sort->type, sealed, place);
}

bool never_abort(int, SortSupport) { return false; }

/// The memory that this sort itself may use: an index build has maintenance_work_mem.
std::size_t allowance() {
    const bool builds_index = MyBEEntry != nullptr && MyBEEntry->st_progress_command == PROGRESS_COMMAND_CREATE_INDEX;
    return static_cast<std::size_t>(builds_index ? maintenance_work_mem : work_mem) * 1024;
}

/// The plain type's comparator: its sort support, or its comparison function.
void prepare_plain(const EncryptedType &type, SortSupport plain) {
    const Oid opclass = GetDefaultOpClass(type.plain, BTREE_AM_OID);
    const Oid family = get_opclass_family(opclass), input = get_opclass_input_type(opclass);
    const Oid function = get_opfamily_proc(family, input, input, BTSORTSUPPORT_PROC);
    plain->abbreviate = false;
    if (OidIsValid(function))
        OidFunctionCall1(function, PointerGetDatum(plain));
    if (plain->comparator == nullptr)
        PrepareSortSupportComparisonShim(type.compare.fn_oid, plain);
}

} // namespace

/// gdpr.<type>_sortsupport(internal): only the function's name says for which type it is asked.
GDPR_FUNCTION(gdpr_sortsupport) {
    auto *support = reinterpret_cast<SortSupport>(PG_GETARG_POINTER(0));
    const std::string_view suffix = "_sortsupport";
    char *name = get_func_name(fcinfo->flinfo->fn_oid);
    name[std::strlen(name) - suffix.size()] = '\0';
    const Oid encrypted = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
                                          ObjectIdGetDatum(get_func_namespace(fcinfo->flinfo->fn_oid)));

    auto *sort = static_cast<DecryptingSort *>(MemoryContextAllocZero(support->ssup_cxt, sizeof(DecryptingSort)));
    sort->type = &encrypted::type_of(encrypted);
    sort->plain.ssup_cxt = support->ssup_cxt;
    sort->plain.ssup_collation = support->ssup_collation;
    prepare_plain(*sort->type, &sort->plain);
    support->ssup_extra = sort;
    support->comparator = compare_sealed;
    if (!support->abbreviate)
        PG_RETURN_VOID();

    sort->arena.context = AllocSetContextCreate(support->ssup_cxt, "gdpr sort", ALLOCSET_DEFAULT_SIZES);
    sort->arena.left = allowance();
    sort->arena.at_reset.func = cleanse_arena;
    sort->arena.at_reset.arg = &sort->arena;
    MemoryContextRegisterResetCallback(sort->arena.context, &sort->arena.at_reset);
    support->comparator = compare_abbreviated;
    support->abbrev_converter = abbreviate;
    support->abbrev_abort = never_abort;
    support->abbrev_full_comparator = compare_sealed;
    PG_RETURN_VOID();
}
