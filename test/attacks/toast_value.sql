-- Attack: a part of a long value.
SELECT substr(body, 1, 20), length(body) FROM letter;
