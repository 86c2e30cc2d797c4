#include "label/grammar.hpp"

#include "label/grammar_parser.hpp"

#ifdef POSTGRES_H
#error "the grammar is pure C++ and must not see postgres.h"
#endif

namespace gdpr::label {

GrammarError::GrammarError(std::string message_, std::size_t position_, std::string detail_, std::string hint_)
    : message(std::move(message_)), position(position_), detail(std::move(detail_)), hint(std::move(hint_)) {}

ColumnLabel parse_column(std::string_view text) {
    using Class = ColumnLabel::Class;
    using Encryption = ColumnLabel::Encryption;
    ColumnLabel label;
    std::size_t same_person_at = 0;
    Parser parser(text, true);
    parser.attributes([&](std::string_view word) {
        if (word == "personal" || word == "sensitive") {
            if (label.data_class != Class::none)
                parser.contradicts("\"personal\" and \"sensitive\" exclude each other", "Keep the stricter one.");
            label.data_class = word == "personal" ? Class::personal : Class::sensitive;
        } else if (word == "identifier") {
            label.identifier = true;
        } else if (word == "same_person") {
            same_person_at = parser.word_at();
            label.same_person = parser.opens() ? parser.name() : "";
        } else if (word == "derived") {
            label.derived = true;
        } else if (word == "encrypted") {
            label.encryption = Encryption::database;
            if (parser.opens())
                label.encryption = parser.argument<Encryption>(encrypted_arguments, 2);
        } else if (word == "erase") {
            label.erase = parser.argument<ColumnLabel::Erase>(column_erase, 1);
        } else {
            label.purposes = parser.names();
        }
        if (label.erase == ColumnLabel::Erase::keep && label.identifier)
            parser.contradicts("\"identifier\" and erase(keep) exclude each other",
                               "What recognises a person cannot outlive the erasure: use erase(null) or "
                               "erase(pseudonym).");
        if (label.erase == ColumnLabel::Erase::keep && label.encryption == Encryption::subject)
            parser.contradicts("encrypted(subject) and erase(keep) exclude each other",
                               "Erasure destroys the subject's key: use encrypted, or erase(null).");
    });
    if (label.data_class == Class::none)
        parser.lacks_class();
    if (label.same_person && !label.identifier)
        parser.lacks(same_person_at, "\"same_person\" needs \"identifier\"",
                     "Add identifier: only what recognises a person can tell that two rows are one.");
    return label;
}

TableLabel parse_table(std::string_view text) {
    TableLabel label;
    bool owned = false;
    Parser parser(text, false);
    parser.attributes([&](std::string_view word) {
        if (contains(edge_kinds, word)) {
            EdgeLabel edge = parser.edge(value_of<EdgeLabel::Kind>(edge_kinds, word));
            for (const EdgeLabel &other : label.edges)
                if (edge.columns == other.columns && edge.target == other.target &&
                    edge.when_predicate == other.when_predicate)
                    parser.contradicts(edge.kind == other.kind ? "edge is given twice" : "edge is given two meanings",
                                       "Say once what the key means: owned, accessed or owns.");
            owned = owned || edge.kind == EdgeLabel::Kind::owned;
            label.edges.push_back(std::move(edge));
        } else if (word == "subject") {
            label.subject = true;
        } else if (word == "erase") {
            const auto erase = parser.argument<TableLabel::Erase>(table_erase, 1);
            label.erase = std::min(erase, TableLabel::Erase::anonymize); // either spelling
        } else if (word == "keep") {
            label.keep = parser.keep();
        } else if (word == "audit") {
            label.audit = parser.argument<TableLabel::Audit>(audits, 1);
        } else if (word == "expires") {
            label.expires = parser.expires(label.expires_after);
        } else {
            label.purposes = parser.names();
        }
        if (label.subject && owned)
            parser.contradicts("\"subject\" and \"owned\" exclude each other",
                               "A subject row belongs to itself alone; accessed(...) shows it to another subject.");
    });
    return label;
}

} // namespace gdpr::label
