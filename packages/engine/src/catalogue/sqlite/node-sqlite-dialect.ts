import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

/** Statements kept prepared. The steps make a few dozen texts; inserts of many rows make one for each number of rows. */
const preparedMax = 200;

/** Kysely's SQLite dialect over `node:sqlite`. */
export function nodeSqliteDialect(database: DatabaseSync): SqliteDialect {
  return new TransactionalDialect({ database: adapt(database) });
}

/** Lets Kysely's Migrator run in a transaction, with everything that it records. */
class TransactionalDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

class TransactionalAdapter extends SqliteAdapter {
  // Kysely denies it, because migrations that turn foreign keys off cannot do so in a transaction. None here does that.
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
      // Taken out and put back, so that the first key is always the one not used for longest.
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
    // A statement that has columns to give reads; `returning` makes a write one of these, and `all` runs it whole.
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...toInput(parameters)),
    run: (parameters) => statement.run(...toInput(parameters)),
    iterate: (parameters) => statement.iterate(...toInput(parameters)),
  };
}

/** Kysely hands over what the tables' types allow: texts, numbers and null. Anything else is refused by SQLite. */
function toInput(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}
