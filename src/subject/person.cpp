#include "subject/person.hpp"

#include "pg/equality.hpp"
#include "pg/pg.hpp"

namespace gdpr::subject {

Subject person_argument(FunctionCallInfo fcinfo, int first) {
    const std::string key = pg::to_string(PG_GETARG_DATUM(first + 1));
    const pg::OwnerScope scope(PG_GETARG_OID(first));
    return subject(PG_GETARG_OID(first), key);
}

bool lock_person(const Subject &subject, Lock lock) {
    const pg::OwnerScope scope(subject.table);
    const std::vector<Datum> values = key_values(subject);
    std::vector<pg::Param> params;
    std::string condition;
    for (const pg::Column &column : key_columns(subject.table)) {
        params.push_back(pg::param(column.type, values[params.size()]));
        condition += (condition.empty() ? "t." : " AND t.") + pg::quote(column.name) + " " + pg::equals(column.type) +
                     " $" + std::to_string(params.size());
    }
    pg::Spi spi;
    return !spi.run("SELECT FROM " + pg::relation_name(subject.table) + " t WHERE " + condition +
                        (lock == Lock::whole ? " FOR UPDATE" : " FOR NO KEY UPDATE"),
                    params)
                .empty();
}

void require_person(const Subject &subject) {
    if (!lock_person(subject))
        pg::raise(ERRCODE_NO_DATA_FOUND, "there is no such person in " + pg::relation_name(subject.table), "",
                  "Check the key: it is the primary key's value, a row literal when it has several columns.");
}

std::array<pg::Param, 2> arrays_of(const std::vector<Subject> &people) {
    std::vector<Datum> tables, keys;
    for (const Subject &each : people) {
        tables.push_back(ObjectIdGetDatum(each.table));
        keys.push_back(pg::text_datum(each.key));
    }
    const auto array = [](const std::vector<Datum> &values, Oid type, int length, bool by_value) {
        return pg::call([&] {
            return PointerGetDatum(construct_array(const_cast<Datum *>(values.data()), static_cast<int>(values.size()),
                                                   type, length, by_value, TYPALIGN_INT));
        });
    };
    return {pg::param(REGCLASSARRAYOID, array(tables, REGCLASSOID, sizeof(Oid), true)),
            pg::param(TEXTARRAYOID, array(keys, TEXTOID, -1, false))};
}

} // namespace gdpr::subject
