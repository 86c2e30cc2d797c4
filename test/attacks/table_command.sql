-- Attack: TABLE.
TABLE person;
