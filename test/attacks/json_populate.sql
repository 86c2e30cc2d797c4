-- Attack: the row, taken apart and put together again.
SELECT (json_populate_record(NULL::person, row_to_json(p))).email FROM person p;
