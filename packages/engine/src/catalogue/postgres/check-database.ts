import pg from 'pg';
import { newestSchema } from '../migrate.ts';
import { type DatabaseAddress, DatabaseError } from './database-address.ts';
import { reasonOf } from './postgres-fault.ts';

/** The oldest PostgreSQL that is tested, as the server numbers its versions. */
const oldestVersion = 150_000;

/** What a server says about itself. `version` is as the server numbers its versions. */
type Server = {
  readonly version: number;
  readonly name: string;
  readonly standby: boolean;
  readonly encoding: string;
};

/** What steps do with tables. */
const rightsOnTables = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
/** What steps do with sequences: they take the numbers of several rows at once. */
const rightsOnSequences = ['USAGE'] as const;
/** What a move does with them: new rows are numbered after those that it loads. */
const rightsToNumber = ['USAGE', 'UPDATE'] as const;

/** Time until the server has to answer, in milliseconds. */
const answersWithinMs = 10_000;

/** Errors that PostgreSQL gives to a login, with what is wrong. */
const loginProblems: Readonly<Record<string, string>> = {
  '28000': 'refuses this user or address',
  '28P01': 'refuses the user or the password',
  '3D000': 'does not exist',
  '42501': 'may not be used by this user',
};

/**
 * Checks that a database can be used by this release: it answers, can be written, has a schema that fits, and grants
 * what is needed. Checks the queue too, if its schema is given. Throws {@link DatabaseError}, which says by name what is
 * wrong.
 */
export function checkDatabase(address: DatabaseAddress, queueSchema: string | null = null): Promise<void> {
  return ask(address, async (client) => {
    await check(client, address, rightsOnSequences);
    await checkLoaded(client, address);
    if (queueSchema !== null) await checkQueueOf(client, address, queueSchema);
  });
}

/** Like {@link checkDatabase}, for a database to which a catalogue is moved. */
export function checkDatabaseToLoad(address: DatabaseAddress): Promise<void> {
  return ask(address, (client) => check(client, address, rightsToNumber));
}

/**
 * Checks that the queue in a database can be used: it exists, and its tables grant what is needed. Throws
 * {@link DatabaseError}.
 */
export function checkQueue(address: DatabaseAddress, schema: string): Promise<void> {
  return ask(address, (client) => checkQueueOf(client, address, schema));
}

async function checkQueueOf(client: pg.Client, address: DatabaseAddress, schema: string): Promise<void> {
  const { rows } = await client.query<{ has: boolean; usable: boolean | null }>(
    `select count(*) > 0 as has, bool_and(has_schema_privilege(oid, 'USAGE')) as usable
     from pg_namespace where nspname = $1`,
    [schema],
  );
  if (rows[0]?.has !== true) {
    throw new DatabaseError(`The database ${address.shown} has no queue. Create it with "backup-sync migrate".`);
  }
  if (rows[0].usable !== true) throw await missingRights(client, address, `USAGE on schema ${schema}`);
  await checkRights(client, address, schema);
}

async function check(client: pg.Client, address: DatabaseAddress, onSequences: readonly string[]): Promise<void> {
  await checkServer(client, address);
  await checkSchema(client, address);
  await checkRights(client, address, null, onSequences);
  await checkPooler(client, address);
}

/** Checks that a database can be given a catalogue or a newer schema. Throws {@link DatabaseError}. */
export function checkServerOf(address: DatabaseAddress): Promise<void> {
  return ask(address, async (client) => {
    await checkServer(client, address);
    await checkPooler(client, address);
  });
}

/** Asks a database in a session of its own. Errors say which database could not be asked. */
async function ask(address: DatabaseAddress, questions: (client: pg.Client) => Promise<void>): Promise<void> {
  await using session = await openSession(address);
  try {
    await questions(session.client);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    const reason = error instanceof Error ? reasonOf(error) : String(error);
    throw new DatabaseError(`The database ${address.shown} cannot be used: ${reason}.`, { cause: error });
  }
}

async function openSession(address: DatabaseAddress): Promise<{ readonly client: pg.Client } & AsyncDisposable> {
  const client = new pg.Client({
    connectionString: address.url,
    application_name: 'backup-sync',
    connectionTimeoutMillis: answersWithinMs,
    query_timeout: answersWithinMs,
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new DatabaseError(`The database ${address.shown} ${whyNotReached(error)}.`, { cause: error });
  }
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

function whyNotReached(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return loginProblems[code] ?? `cannot be reached: ${error instanceof Error ? reasonOf(error) : String(error)}`;
}

async function checkServer(client: pg.Client, { shown }: DatabaseAddress): Promise<void> {
  const { rows } = await client.query<Server>(
    `select current_setting('server_version_num')::int as version, current_setting('server_version') as name,
       pg_is_in_recovery() as standby, current_setting('server_encoding') as encoding`,
  );
  const [server] = rows;
  if (server === undefined) throw new DatabaseError(`The database ${shown} does not say what it is.`);
  const problem = serverProblem(server);
  if (problem !== null) throw new DatabaseError(`The database ${shown} ${problem}`);
}

/** Returns why a server cannot be used, as the end of a sentence; null if it can. */
export function serverProblem({ version, name, standby, encoding }: Server): string | null {
  if (version < oldestVersion) return `is PostgreSQL ${name}; PostgreSQL 15 or later is needed.`;
  if (encoding !== 'UTF8') return `has the encoding ${encoding}; UTF8 is needed. Create one with ENCODING 'UTF8'.`;
  return standby ? 'is a standby and cannot be written. Give the address of the primary.' : null;
}

/** Returns the schema of the catalogue in a database that was checked. Throws {@link DatabaseError}. */
export async function readSchema(address: DatabaseAddress): Promise<number> {
  let schema = 0;
  await ask(address, async (client) => {
    const { rows } = await client.query<{ version: string }>('select version from schema_version');
    schema = Number(rows[0]?.version);
  });
  return schema;
}

async function checkSchema(client: pg.Client, { shown }: DatabaseAddress): Promise<void> {
  const { rows: found } = await client.query<{ has: boolean }>(
    "select to_regclass('schema_version') is not null as has",
  );
  if (found[0]?.has !== true) {
    throw new DatabaseError(`The database ${shown} has no catalogue. Create it with "backup-sync migrate".`);
  }
  const { rows } = await client.query<{ version: string; oldest_compatible: string }>(
    'select version, oldest_compatible from schema_version',
  );
  const version = Number(rows[0]?.version);
  const oldestCompatible = Number(rows[0]?.oldest_compatible);
  if (version < newestSchema) {
    throw new DatabaseError(
      `The database ${shown} has schema ${version}; this release needs schema ${newestSchema}. ` +
        'Upgrade it with "backup-sync migrate"; processes of the release before this one can keep running.',
    );
  }
  if (oldestCompatible > newestSchema) {
    throw new DatabaseError(
      `The database ${shown} has schema ${version}, which releases that know schema ${oldestCompatible} or later can ` +
        `use; this release knows schemas up to ${newestSchema}. Use a newer release.`,
    );
  }
}

/** Checks the tables and sequences of a schema; of the catalogue's for null. */
async function checkRights(
  client: pg.Client,
  address: DatabaseAddress,
  schema: string | null,
  onSequences: readonly string[] = [],
): Promise<void> {
  const lacks = (kind: 'table' | 'sequence', rights: readonly string[]) =>
    rights.map((right) => `case when not has_${kind}_privilege(relations.oid, '${right}') then '${right}' end`);
  const { rows } = await client.query<{ kind: string; name: string; missing: string }>(
    `select kind, name, missing from (
       select case when relkind = 'S' then 'sequence' else 'table' end as kind, relations.oid::regclass::text as name,
         case when relkind = 'S' then concat_ws(', ', ${['null', ...lacks('sequence', onSequences)].join(', ')})
           else concat_ws(', ', ${lacks('table', rightsOnTables).join(', ')}) end as missing
       from pg_class as relations where relkind in ('r', 'p', 'S') and relnamespace = coalesce(
         (select oid from pg_namespace where nspname = $1),
         (select relnamespace from pg_class where oid = to_regclass('schema_version'))
       )
     ) as granted where missing <> '' order by kind desc, name`,
    [schema],
  );
  const [first] = rows;
  if (first === undefined) return;
  const others = rows.length - 1;
  const more = others === 0 ? '' : `, and ${others} more ${others === 1 ? 'lacks' : 'lack'} rights`;
  throw await missingRights(client, address, `${first.missing} on ${first.kind} ${first.name}${more}`);
}

async function missingRights(client: pg.Client, { shown }: DatabaseAddress, missing: string): Promise<DatabaseError> {
  const { rows: users } = await client.query<{ name: string }>('select current_user as name');
  return new DatabaseError(
    `The database ${shown} does not grant its user ${users[0]?.name} what is needed: ${missing}. Grant them as the ` +
      'owner of the tables.',
  );
}

/** Refuses a database that has only a part of the catalogue that is moved or restored to it. */
async function checkLoaded(client: pg.Client, { shown }: DatabaseAddress): Promise<void> {
  const { rows } = await client.query('select 1 from archive_loads where finished_at_ms is null');
  if (rows.length === 0) return;
  throw new DatabaseError(
    `The database ${shown} has only a part of a catalogue: a "backup-sync catalogue move" or "backup-sync catalogue ` +
      'restore" to it was interrupted. Run the same command again: it continues where it stopped.',
  );
}

/**
 * Refuses a pooler in transaction mode, behind which two connections share one session of the server: locks and
 * notifications of a session would reach others. A server says at the login which process it is, but a pooler makes that
 * up. So only a connection through a pooler needs a second one to find out.
 */
async function checkPooler(first: pg.Client, address: DatabaseAddress): Promise<void> {
  const pidOf = async (client: pg.Client) =>
    (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
  const pid = await pidOf(first);
  // Missing in the types of `pg`.
  if ('processID' in first && first.processID === pid) return;
  await using session = await openSession(address);
  await session.client.query('begin');
  const other = await pidOf(session.client);
  await session.client.query('rollback');
  if (pid !== other) return;
  throw new DatabaseError(
    `The database ${address.shown} is behind a pooler in transaction mode. Locks and notifications need sessions of ` +
      'their own: connect to the server directly, or use the session mode of the pooler.',
  );
}
