-- Attack: JSON constructors that aggregate.
-- needs: 16
SELECT JSON_OBJECTAGG(id : email::text), JSON_ARRAYAGG(email::text NULL ON NULL) FROM person;
