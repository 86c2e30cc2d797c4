// Encrypted constants that PostgreSQL itself copies into rows, as one ciphertext for all: defaults written as a
// literal, and what ADD COLUMN … DEFAULT left to be read for older rows. Statements seal anew by themselves.
#include "apply/action.hpp"
#include "apply/dependent.hpp"
#include "encrypted/literal.hpp"
#include "encrypted/value.hpp"
#include "pg/tree.hpp"

namespace gdpr::apply {

namespace {

bool has_sealed_constant(Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Const) && !castNode(Const, node)->constisnull &&
        OidIsValid(encrypted::plain_counterpart(castNode(Const, node)->consttype)))
        return true;
    return expression_tree_walker(node, pg::walker(has_sealed_constant), context);
}

/// The constant as a literal of the plain type.
std::string literal_of(Node *tree) {
    const encrypted::PlainOutput plain;
    Oid type = InvalidOid;
    const char *text = pg::call([&]() -> const char * {
        const auto *constant = castNode(Const, tree);
        const encrypted::EncryptedType &of = encrypted::type_of(constant->consttype);
        type = of.plain;
        return OutputFunctionCall(&of.output, encrypted::open(of, constant->constvalue));
    });
    return pg::quote_literal(text) + "::" + pg::type_name(type);
}

} // namespace

void plan_constants(Oid relation, Actions &actions) {
    pg::Spi spi;
    for (const Oid each : family_of(relation, spi)) {
        const pg::Rows rows = spi.run(
            "SELECT pg_catalog.quote_ident(a.attname), d.adbin::text, pg_catalog.pg_get_expr(d.adbin, d.adrelid)"
            "  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
            "  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typnamespace = 'gdpr'::pg_catalog.regnamespace"
            " WHERE a.attrelid = $1 AND a.attgenerated = '' AND NOT a.attisdropped ORDER BY a.attnum",
            {pg::param(OIDOID, ObjectIdGetDatum(each))});
        for (std::uint64_t row = 0; row < rows.size(); row++) {
            std::string text = rows.text_or(row, 2);
            Node *tree = pg::call([&] {
                auto *parsed = static_cast<Node *>(stringToNode(text.data()));
                if (!has_sealed_constant(parsed, nullptr))
                    parsed = nullptr;
                return parsed != nullptr ? strip_implicit_coercions(parsed) : nullptr;
            });
            if (tree == nullptr)
                continue;
            const std::string value =
                IsA(tree, Const) ? literal_of(tree) : "gdpr.decrypt(" + rows.text_or(row, 3) + ")";
            // Its own seal at each use is what a default that already is so looks like.
            if (!IsA(tree, Const) && rows.text_or(row, 3).starts_with("gdpr.decrypt("))
                continue;
            actions.push_back({each, "let the default be sealed anew in each row",
                               "ALTER TABLE ONLY " + pg::relation_name(each) + " ALTER COLUMN " + rows.text_or(row, 1) +
                                   " SET DEFAULT " + value,
                               true});
        }
    }
}

} // namespace gdpr::apply
