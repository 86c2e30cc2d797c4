-- What CREATE EXTENSION leaves behind.
SELECT rolname, rolcanlogin, rolsuper FROM pg_roles WHERE rolname LIKE 'gdpr\_%' ORDER BY 1;

-- The library loads in every new session of this database, and only once.
SELECT setting FROM pg_db_role_setting s, unnest(setconfig) AS setting, pg_database d
 WHERE d.oid = s.setdatabase AND d.datname = current_database() AND setrole = 0
   AND setting LIKE 'session\_preload%';

-- Every object carries a comment.
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'gdpr' AND d.deptype = 'e'
   AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
   AND obj_description(d.objid, d.classid::regclass::name) IS NULL
   AND NOT (d.classid = 'pg_class'::regclass AND (SELECT relkind IN ('S', 'i', 'c', 't') FROM pg_class WHERE oid = d.objid))
   AND NOT (d.classid = 'pg_type'::regclass AND (SELECT typelem <> 0 OR typrelid <> 0 FROM pg_type WHERE oid = d.objid))
 ORDER BY 1;
SELECT c.relname, a.attname AS without_comment
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'gdpr'::regnamespace AND c.relkind = 'r' AND col_description(c.oid, a.attnum) IS NULL
 ORDER BY 1, a.attnum;

-- Attack: a hijacked search_path inside a SECURITY DEFINER function. Every one of them pins its own.
SELECT oid::regprocedure AS not_pinned FROM pg_proc
 WHERE pronamespace = 'gdpr'::regnamespace AND prosecdef
   AND NOT coalesce(array_to_string(proconfig, ' ') ~ 'search_path=pg_catalog, pg_temp', false)
 ORDER BY 1;

-- Nothing of ours is PUBLIC's but the functions of the encrypted types, of policies and of the triggers that partitions
-- inherit.
SELECT c.oid::regclass AS open_to_public, a.privilege_type
  FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'gdpr'::regnamespace AND a.grantee = 0
 ORDER BY 1, 2;
SELECT p.proname, count(*) FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
 WHERE p.pronamespace = 'gdpr'::regnamespace AND a.grantee = 0 AND p.proname !~ '^(encrypted_|decrypt|sealed$)'
   AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
   AND NOT EXISTS (SELECT FROM pg_aggregate s WHERE p.oid IN (s.aggtransfn, s.aggmtransfn, s.aggminvtransfn))
 GROUP BY 1 ORDER BY 1;

-- All of the extension's own tables are dumped.
SELECT c.oid::regclass AS not_dumped FROM pg_class c
 WHERE c.relnamespace = 'gdpr'::regnamespace AND c.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'gdpr' AND c.oid = ANY (e.extconfig))
 ORDER BY 1;
