#include "rotate/pins.hpp"

#include "key/key.hpp"
#include "pg/pg.hpp"
#include "pg/tree.hpp"
#include "rotate/nested.hpp"

namespace gdpr::rotate {

namespace {

// Every catalog column that holds expressions. Their text tells cheaply whether a constant of such a type is in it.
constexpr const char *expressions = R"(
, pattern(text) AS (
    SELECT ':consttype (' || pg_catalog.string_agg(type::text, '|') || ') ' FROM encrypted
), tree(kind, class, object, part, expression) AS (
    SELECT 'default', 'pg_attrdef'::regclass, oid, 0, adbin::text FROM pg_catalog.pg_attrdef
    UNION ALL SELECT 'constraint', 'pg_constraint'::regclass, oid, 0, conbin::text FROM pg_catalog.pg_constraint
    UNION ALL SELECT 'rule or view', 'pg_rewrite'::regclass, oid, 0, ev_action::text FROM pg_catalog.pg_rewrite
    UNION ALL SELECT 'rule or view', 'pg_rewrite'::regclass, oid, 0, ev_qual::text FROM pg_catalog.pg_rewrite
    UNION ALL SELECT 'index', 'pg_class'::regclass, indexrelid, 0, indexprs::text FROM pg_catalog.pg_index
    UNION ALL SELECT 'index', 'pg_class'::regclass, indexrelid, 0, indpred::text FROM pg_catalog.pg_index
    UNION ALL SELECT 'partition bound', 'pg_class'::regclass, oid, 0, relpartbound::text FROM pg_catalog.pg_class
    UNION ALL SELECT 'partition key', 'pg_class'::regclass, partrelid, 0, partexprs::text
                FROM pg_catalog.pg_partitioned_table
    UNION ALL SELECT 'policy', 'pg_policy'::regclass, oid, 0, polqual::text FROM pg_catalog.pg_policy
    UNION ALL SELECT 'policy', 'pg_policy'::regclass, oid, 0, polwithcheck::text FROM pg_catalog.pg_policy
    UNION ALL SELECT 'trigger', 'pg_trigger'::regclass, oid, 0, tgqual::text FROM pg_catalog.pg_trigger
    UNION ALL SELECT 'function', 'pg_proc'::regclass, oid, 0, prosqlbody::text FROM pg_catalog.pg_proc
    UNION ALL SELECT 'function', 'pg_proc'::regclass, oid, 0, proargdefaults::text FROM pg_catalog.pg_proc
    UNION ALL SELECT 'publication', 'pg_publication_rel'::regclass, oid, 0, prqual::text
                FROM pg_catalog.pg_publication_rel
    UNION ALL SELECT 'statistics object', 'pg_statistic_ext'::regclass, oid, 0, stxexprs::text
                FROM pg_catalog.pg_statistic_ext
    UNION ALL SELECT 'domain', 'pg_type'::regclass, oid, 0, typdefaultbin::text FROM pg_catalog.pg_type
)
SELECT kind, pg_catalog.pg_describe_object(class, object, part), expression
  FROM tree, pattern WHERE expression ~ pattern.text ORDER BY kind, 2)";

constexpr const char *statistics = R"(
SELECT 'statistics', pg_catalog.pg_describe_object('pg_class'::regclass, starelid, staattnum),
       stavalues1, stavalues2, stavalues3, stavalues4, stavalues5
  FROM pg_catalog.pg_statistic s
 WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN encrypted ON type = a.atttypid
                WHERE a.attrelid = starelid AND a.attnum = staattnum)
 ORDER BY 2)";

// Of statistics objects: those of expressions, and lists of common combinations.
constexpr const char *extended_statistics = R"(
SELECT 'statistics', pg_catalog.pg_describe_object('pg_statistic_ext'::regclass, d.stxoid, 0),
       s.stavalues1, s.stavalues2, s.stavalues3, s.stavalues4, s.stavalues5
  FROM pg_catalog.pg_statistic_ext_data d, pg_catalog.unnest(d.stxdexpr) s ORDER BY 2)";
constexpr const char *combinations = R"(
SELECT 'statistics', pg_catalog.pg_describe_object('pg_statistic_ext'::regclass, stxoid, 0), stxoid, stxdinherit
  FROM pg_catalog.pg_statistic_ext_data WHERE stxdmcv IS NOT NULL ORDER BY 2)";

/// Keys of the constants in a tree.
struct Keys {
    std::vector<std::uint32_t> ids;
};

bool note(std::uint32_t key, void *keys) {
    static_cast<Keys *>(keys)->ids.push_back(key);
    return false;
}

void add(Keys *keys, Oid type, Datum value, bool null) {
    if (!null && holds_encrypted(type))
        (void)visit_keys(type, value, note, keys);
}

void add_combinations(Keys *keys, Oid object, bool inherited) {
    const MCVList *list = statext_mcv_load(object, inherited);
    for (std::uint32_t item = 0; item < list->nitems; item++)
        for (int i = 0; i < list->ndimensions; i++)
            add(keys, list->types[i], list->items[item].values[i], list->items[item].isnull[i]);
}

bool walk(Node *node, Keys *keys) {
    if (node == nullptr)
        return false;
    const pg::TreeWalker walker = pg::walker(walk);
    if (IsA(node, Const)) {
        const auto *constant = reinterpret_cast<Const *>(node);
        add(keys, constant->consttype, constant->constvalue, constant->constisnull);
        return false;
    }
    if (IsA(node, PartitionBoundSpec)) {
        const auto *bound = reinterpret_cast<PartitionBoundSpec *>(node);
        return walk(reinterpret_cast<Node *>(bound->listdatums), keys) ||
               walk(reinterpret_cast<Node *>(bound->lowerdatums), keys) ||
               walk(reinterpret_cast<Node *>(bound->upperdatums), keys);
    }
    if (IsA(node, PartitionRangeDatum))
        return walk(reinterpret_cast<PartitionRangeDatum *>(node)->value, keys);
    if (IsA(node, Query))
        return query_tree_walker(reinterpret_cast<Query *>(node), walker, keys, 0);
    return expression_tree_walker(node, walker, keys);
}

class Collector {
  public:
    void add(const std::string &kind, const std::string &object, const Keys &keys) {
        const std::set<std::uint32_t> once(keys.ids.begin(), keys.ids.end());
        for (const std::uint32_t id : once)
            if (id != active_ && seen_.insert(kind + object + std::to_string(id)).second)
                pins.push_back({id, kind, object});
    }
    std::vector<Pin> pins;

  private:
    std::uint32_t active_ = key::active(key::Use::data).id;
    std::set<std::string> seen_;
};

} // namespace

std::vector<Pin> pins() {
    Collector collector;
    const pg::OwnerScope scope(pg::gdpr_relation("key")); // whoever rotates keys need not see statistics
    pg::Spi spi;
    const pg::Rows trees = spi.run(std::string(encrypted_types) + expressions);
    for (std::uint64_t row = 0; row < trees.size(); row++) {
        const std::string text = trees.text_or(row, 3);
        Keys keys;
        pg::call([&] { (void)walk(static_cast<Node *>(stringToNode(text.c_str())), &keys); });
        collector.add(trees.text_or(row, 1), trees.text_or(row, 2), keys);
    }
    for (const std::string &query : {std::string(encrypted_types) + statistics, std::string(extended_statistics)}) {
        const pg::Rows samples = spi.run(query);
        for (std::uint64_t row = 0; row < samples.size(); row++) {
            Keys keys;
            for (int column = 3; column <= 7; column++)
                if (const auto values = samples.datum(row, column))
                    pg::call([&] { (void)visit_elements(*values, note, &keys); });
            collector.add(samples.text_or(row, 1), samples.text_or(row, 2), keys);
        }
    }
    const pg::Rows lists = spi.run(combinations);
    for (std::uint64_t row = 0; row < lists.size(); row++) {
        Keys keys;
        pg::call([&] { add_combinations(&keys, lists.oid(row, 3), lists.boolean(row, 4)); });
        collector.add(lists.text_or(row, 1), lists.text_or(row, 2), keys);
    }
    return collector.pins;
}

} // namespace gdpr::rotate

using namespace gdpr;

GDPR_FUNCTION(gdpr_key_pins) {
    pg::ResultSet result(fcinfo);
    for (const rotate::Pin &each : rotate::pins()) {
        char key[16];
        pg_snprintf(key, sizeof key, "%08x", each.key);
        result.add({pg::param(std::string_view(key)), pg::param(each.kind), pg::param(each.object)});
    }
    return PointerGetDatum(nullptr);
}
