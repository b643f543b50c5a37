import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import type { Differences } from '../differences.ts';
import { sqliteDifferences } from './sqlite-differences.ts';

/**
 * Maximum number of prepared statements that are kept. The steps use a few dozen; an insert of many rows needs one for
 * each number of rows.
 */
const preparedMax = 200;

/** Kysely's SQLite dialect over `node:sqlite`. */
export function nodeSqliteDialect(database: DatabaseSync): SqliteDialect {
  return new TransactionalDialect(adapt(database));
}

/** Lets Kysely's Migrator run in a transaction, together with everything it records. */
class TransactionalDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    super({ database });
    this.#database = database;
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter(this.#database);
  }
}

class TransactionalAdapter extends SqliteAdapter {
  readonly differences: Differences;

  constructor(database: SqliteDatabase) {
    super();
    this.differences = sqliteDifferences(database);
  }

  // Kysely says false, because migrations that turn foreign keys off cannot do so in a transaction. None here does
  // that.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function adapt(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    prepare(sql) {
      const statement =
        prepared.get(sql) ?? (sql === 'rollback' ? rollbackOf(database) : adaptStatement(database.prepare(sql)));
      // Removed and added again, so that the first key is always the one unused for longest.
      prepared.delete(sql);
      prepared.set(sql, statement);
      for (const oldest of prepared.keys()) {
        if (prepared.size <= preparedMax) break;
        prepared.delete(oldest);
      }
      return statement;
    },
    close() {
      prepared.clear();
      database.close();
    },
  };
}

/** After some faults, such as a full disk, SQLite has rolled back by itself. A second rollback would hide that fault. */
function rollbackOf(database: DatabaseSync): SqliteStatement {
  const statement = adaptStatement(database.prepare('rollback'));
  return {
    ...statement,
    run: (parameters) => (database.isTransaction ? statement.run(parameters) : { changes: 0, lastInsertRowid: 0 }),
  };
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    // A statement with result columns is a reader. `returning` makes a write a reader, and `all` runs it completely.
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...toInput(parameters)),
    run: (parameters) => statement.run(...toInput(parameters)),
    iterate: (parameters) => statement.iterate(...toInput(parameters)),
  };
}

/**
 * Kysely passes the values that the types of the tables allow: strings, numbers and null. SQLite refuses anything else.
 */
function toInput(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}
