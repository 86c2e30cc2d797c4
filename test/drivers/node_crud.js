// node-postgres: parameters as text, simple and prepared statements, cursors by SQL.
'use strict';
const fs = require('fs');
const path = require('path');
const { Client, types } = require('pg');

const FIRST_USER_OID = 16384;
// Dates as they come: the default makes local times of them.
types.setTypeParser(1082, (text) => ({ date: text }));

function statements() {
    const found = [];
    for (const line of fs.readFileSync(path.join(process.argv[3] || __dirname, 'suite.txt'), 'utf8').split('\n')) {
        if (line.startsWith('\t')) {
            const [, type, value] = /^\t(\S+) ?(.*)$/.exec(line);
            found[found.length - 1].parameters.push({ type, value: value === '' ? null : value === '\\e' ? '' : value });
        } else if (line !== '' && !line.startsWith('#')) {
            const [, name, sql] = /^(.*?): (.*)$/.exec(line);
            found.push({ name, sql, parameters: [] });
        }
    }
    return found;
}

function valueOf({ type, value }) {
    if (value === null) return null;
    switch (type) {
        case 'int': return parseInt(value, 10);
        case 'float': return parseFloat(value);
        case 'json': return JSON.parse(value);
        case 'text[]': return value.split('|');
        default: return value;
    }
}

function tell(name, status, outcome) {
    console.log(`${name}\t${status}\t${JSON.stringify(outcome)}`);
}

const columns = (fields) => fields.map((f) => [f.name, f.columnID,
    f.dataTypeID < FIRST_USER_OID ? f.dataTypeID : 'user-defined', f.dataTypeSize, f.dataTypeModifier, f.format]);
const summary = (r) => (Array.isArray(r) ? r.map(summary) : { command: r.command, count: r.rowCount, columns: columns(r.fields), rows: r.rows });
const reads = (sql) => /^(SELECT|WITH)/.test(sql) && !/INSERT|UPDATE/.test(sql);

async function main() {
    const connect = async (user) => {
        const made = new Client({ options: process.argv[2], user: user || process.env.PGUSER });
        await made.connect();
        return made;
    };
    const client = await connect();
    const owner = await connect('driver_owner');
    const outcome = async (query) => {
        try {
            return { status: 'done', outcome: summary(await client.query(query)) };
        } catch (error) {
            return { status: 'failed', outcome: [error.code || String(error), error.constraint || null] };
        }
    };
    const attempt = async (name, query) => {
        const { status, outcome: told } = await outcome(query);
        tell(name, status, told);
    };

    let number = 0;
    for (const { name, sql, parameters } of statements()) {
        // node-postgres makes an array of a list: a document that is one has to be text.
        const values = parameters.map((p) => (p.type === 'json' && p.value !== null ? p.value : valueOf(p)));
        const query = { text: sql, values, name: `s${number++}`, rowMode: 'array' };
        const first = await outcome(query);
        let last = first;
        for (let again = 0; reads(sql) && again < 6; again++) {
            if (again === 5) await owner.query('ALTER TABLE person ALTER id SET STATISTICS 100');
            last = await outcome(query);
            if (JSON.stringify(last) !== JSON.stringify(first)) break;
        }
        if (JSON.stringify(last) === JSON.stringify(first)) tell(name, first.status, first.outcome);
        else tell(name, last.status, [first.outcome, last.outcome]);
    }

    // What only this driver has.
    await attempt('objects', 'SELECT * FROM person ORDER BY id');
    await attempt('not prepared', { text: 'SELECT email, born FROM person WHERE email = $1', values: ['mario@example.it'] });
    await attempt('a document', { text: 'UPDATE person SET extra = $1 WHERE id = 1 RETURNING extra', values: [{ a: [1, 'ü'], b: null }] });
    await attempt('binary', { text: 'SELECT id, salary::int, born IS NULL AS none FROM person ORDER BY id', binary: true, rowMode: 'array' });
    await attempt('several statements', "UPDATE person SET name = 'multi' WHERE id = 1; SELECT name, born FROM person WHERE id = 1");
    await attempt('BEGIN', 'BEGIN');
    await attempt('declare', 'DECLARE c CURSOR FOR SELECT email, born, salary, extra FROM person ORDER BY id');
    await attempt('fetch', { text: 'FETCH 3 FROM c', rowMode: 'array' });
    await attempt('refused in the transaction', 'SELECT born / 0 FROM person');
    await attempt('refused, aborted', 'SELECT email FROM person');
    await attempt('ROLLBACK', 'ROLLBACK');
    const many = await Promise.all([1, 2, 3].map((id) => client.query({ text: 'SELECT email FROM person WHERE id = $1', values: [id] })));
    tell('queued', 'done', many.map(summary));
    await attempt('state', { text: 'SELECT * FROM person ORDER BY id', rowMode: 'array' });
    await client.end();
    await owner.end();
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
