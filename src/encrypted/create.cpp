// gdpr.create_encrypted_type: encrypted types of enums, domains, arrays, composite and all other types. A dump carries
// the type with its input and output, and the functions that people call; all else lies in pg_catalog, which pg_dump
// leaves out, and is made by whoever makes the function gdpr.decrypt of the type: the call, or a restore.
#include "encrypted/define.hpp"
#include "encrypted/encrypted.hpp"
#include "pg/pg.hpp"

namespace gdpr::encrypted {

namespace {

constexpr const char *longest_suffix = "_typanalyze";

/// "encrypted_" and the type's name; with the schema's where that is taken.
std::string free_name(Oid plain) {
    const Oid element = pg::call([&] { return get_element_type(plain); });
    const std::string type = OidIsValid(element) ? pg::bare_type_name(element) + "_array" : pg::bare_type_name(plain);
    const std::string schema =
        pg::call([&] {
            NameData name;
            HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(plain));
            namestrcpy(&name, get_namespace_name(reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typnamespace));
            ReleaseSysCache(tuple);
            return name;
        }).data;
    for (const std::string &each : {"encrypted_" + type, "encrypted_" + schema + "_" + type}) {
        const auto room = static_cast<int>(NAMEDATALEN - 1 - std::strlen(longest_suffix));
        const std::string name =
            each.substr(0, static_cast<std::size_t>(pg_mbcliplen(each.c_str(), static_cast<int>(each.size()), room)));
        if (!OidIsValid(pg::gdpr_type(name.c_str())))
            return name;
    }
    pg::raise(ERRCODE_DUPLICATE_OBJECT, "there is an encrypted type of this name already",
              "Both encrypted_" + type + " and encrypted_" + schema + "_" + type + " are taken.",
              "Rename the type before you create its encrypted type.");
}

bool identifies_objects(Oid type) {
    type = getBaseType(type);
    return type == OIDOID || (type < FirstNormalObjectId && std::strncmp(format_type_be(type), "reg", 3) == 0);
}

void refuse_unfit(Oid plain) {
    const char *reason = pg::call([&]() -> const char * {
        HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(plain));
        if (!HeapTupleIsValid(tuple))
            elog(ERROR, "type with OID %u does not exist", plain);
        const auto *form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
        const bool defined = form->typisdefined, sent = OidIsValid(form->typsend) && OidIsValid(form->typreceive);
        const char kind = form->typtype;
        Oid row = form->typrelid;
        ReleaseSysCache(tuple);
        Oid element = plain;
        while (OidIsValid(get_element_type(getBaseType(element))))
            element = get_element_type(getBaseType(element));
        return OidIsValid(plain_counterpart(element)) ? "It is an encrypted type already."
               : kind == TYPTYPE_PSEUDO || !defined   ? "It is a pseudo-type."
               : OidIsValid(row) && get_rel_relkind(row) != RELKIND_COMPOSITE_TYPE
                   ? "It is the row type of a table, view or sequence."
               : identifies_objects(element) ? "Its values are numbers of objects of this database."
               : !sent                       ? "It has no binary form."
                                             : nullptr;
    });
    if (reason != nullptr)
        pg::raise(ERRCODE_WRONG_OBJECT_TYPE, "type " + pg::type_name(plain) + " cannot have an encrypted type", reason);
}

/// Twins of plain types only are there for this type, and a family is empty without it.
void bind_to(pg::Spi &spi, Oid encrypted, Oid plain, Oid newest_before) {
    const ObjectAddress type{TypeRelationId, encrypted, 0}, of{TypeRelationId, plain, 0};
    pg::call([&] { recordDependencyOn(&type, &of, DEPENDENCY_NORMAL); });
    const pg::Rows rows =
        spi.run("SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid FROM pg_catalog.pg_proc p"
                " WHERE p.pronamespace = 11 AND p.oid > $1 AND p.oid >= 16384 UNION ALL"
                " SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, f.oid FROM pg_catalog.pg_opfamily f"
                "  WHERE f.opfnamespace = 11 AND f.oid > $1 AND f.oid >= 16384"
                // The type's own functions that do not name it among their arguments.
                " UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid FROM pg_catalog.pg_proc p"
                "  JOIN pg_catalog.pg_type t ON p.oid IN (t.typanalyze, t.typmodout, t.typsubscript) AND t.oid = $2"
                "  WHERE p.pronamespace = t.typnamespace",
                {pg::param(OIDOID, ObjectIdGetDatum(newest_before)), pg::param(OIDOID, ObjectIdGetDatum(encrypted))});
    for (std::uint64_t row = 0; row < rows.size(); row++) {
        const ObjectAddress object{rows.oid(row, 1), rows.oid(row, 2), 0};
        pg::call([&] { recordDependencyOn(&object, &type, DEPENDENCY_AUTO); });
    }
}

bool in_definition = false;

/// While one lives, casts of encrypted types are made.
struct InDefinition {
    InDefinition() noexcept { in_definition = true; }
    ~InDefinition() { in_definition = false; }
};

/// Makes what is behind an encrypted type whose functions are there.
void finish(Oid encrypted) {
    const Oid plain = pg::call([&] { return plain_counterpart(encrypted); });
    if (!OidIsValid(plain))
        return;
    pg::Spi spi;
    const Definition type(plain, pg::bare_type_name(encrypted));
    const InDefinition scope;
    const Oid newest_before = spi.run("SELECT max(oid) FROM (SELECT oid FROM pg_catalog.pg_proc"
                                      " UNION ALL SELECT oid FROM pg_catalog.pg_opfamily) AS object")
                                  .oid(0, 1);
    define_own_casts(spi, type);
    define_operators(spi, type);
    // A domain resolves as the type below it, to which its encrypted type goes by itself. So does the type of another
    // extension, whose operators and functions are found where the caller's search_path has them.
    const bool by_its_cast = pg::call([&] {
        const bool foreign = plain >= FirstNormalObjectId && get_typtype(plain) == TYPTYPE_BASE;
        return getBaseType(plain) != plain || (foreign && !OidIsValid(get_element_type(plain)));
    });
    if (!by_its_cast)
        define_overloads(spi, {plain});
    bind_to(spi, encrypted, plain, newest_before);
}

bool is_decrypt(const List *name) {
    return list_length(name) == 2 && std::strcmp(strVal(linitial(name)), "gdpr") == 0 &&
           std::strcmp(strVal(lsecond(name)), "decrypt") == 0;
}

bool is_symbol(Oid function, const char *symbol) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    bool null;
    const Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &null);
    const bool same = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang == ClanguageId && !null &&
                      std::strcmp(TextDatumGetCString(source), symbol) == 0;
    ReleaseSysCache(tuple);
    return same;
}

/// A shipped type, of which an upgrade restores every object by itself.
bool is_shipped(Oid type) { return OidIsValid(getExtensionOfObject(TypeRelationId, type)); }

/// The encrypted type whose function gdpr.decrypt a statement has just made, if somebody created the type; InvalidOid
/// for all other statements.
Oid made_encrypted(Node *statement) {
    if (!IsA(statement, CreateFunctionStmt))
        return InvalidOid;
    const auto *made = castNode(CreateFunctionStmt, statement);
    if (!is_decrypt(made->funcname) || list_length(made->parameters) != 1)
        return InvalidOid;
    const Oid type = typenameTypeId(nullptr, linitial_node(FunctionParameter, made->parameters)->argType);
    oidvector *arguments = buildoidvector(&type, 1);
    const Oid function =
        GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("decrypt"), PointerGetDatum(arguments),
                        ObjectIdGetDatum(get_namespace_oid("gdpr", false)));
    return is_symbol(function, "gdpr_decrypt") && !is_shipped(type) ? type : InvalidOid;
}

/// Is it a type that somebody created, even if a restore has not made its functions yet?
bool is_created(Oid type) {
    Oid input, argument;
    if (type < FirstNormalObjectId || !get_typisdefined(type) || is_shipped(type))
        return false;
    getTypeInputInfo(type, &input, &argument);
    return is_symbol(input, "gdpr_encrypted_in");
}

/// All casts of an encrypted type are made with its gdpr.decrypt: those that a restore makes are there, or will be.
bool is_own_cast(Node *statement) {
    if (!IsA(statement, CreateCastStmt))
        return false;
    const auto *cast = castNode(CreateCastStmt, statement);
    bool ours = false;
    for (const TypeName *name : {cast->sourcetype, cast->targettype}) {
        Type type = LookupTypeName(nullptr, name, nullptr, true);
        if (type == nullptr)
            continue;
        ours = ours || is_created(typeTypeId(type));
        ReleaseSysCache(type);
    }
    return ours;
}

void process_utility(pg::Utility &command) {
    const bool concerns = !creating_extension && OidIsValid(get_namespace_oid("gdpr", true));
    if (concerns && !in_definition && is_own_cast(command.statement()))
        return;
    command.proceed();
    if (!concerns || !superuser())
        return;
    CommandCounterIncrement();
    const Oid encrypted = made_encrypted(command.statement());
    if (OidIsValid(encrypted))
        pg::boundary([encrypted] { finish(encrypted); });
}

} // namespace

void init_create() { pg::on_utility({T_CreateCastStmt, T_CreateFunctionStmt}, process_utility); }

} // namespace gdpr::encrypted

using namespace gdpr;

GDPR_FUNCTION(gdpr_create_encrypted_type) {
    pg::require_role("gdpr_admin", "create encrypted types");
    const Oid plain = PG_GETARG_OID(0);
    encrypted::refuse_unfit(plain);
    if (const Oid known = pg::call([&] { return encrypted::encrypted_counterpart(plain); }); OidIsValid(known))
        PG_RETURN_OID(known);
    const pg::OwnerScope scope(pg::gdpr_relation("key"));
    pg::Spi spi;
    (void)spi.run("SET LOCAL client_min_messages = warning"); // a shell type is noticed at each use
    encrypted::define_type(spi, encrypted::Definition(plain, encrypted::free_name(plain)));
    PG_RETURN_OID(pg::call([&] { return encrypted::encrypted_counterpart(plain); }));
}
