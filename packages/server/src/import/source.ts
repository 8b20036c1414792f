import { Client, escapeIdentifier, types } from 'pg';
import { ConfigurationError, messageOf } from '@lava/base';

/** A row as the other database gave it: times as texts in UTC with all their digits. */
export type Row = Readonly<Record<string, unknown>>;

/** The database of another LAVA. It is only read: the session refuses to write. */
export interface Source {
  /** Names the installation, wherever its database is moved. */
  readonly id: string;
  /** Last step of LAVA's scheduler tables, as Django names it: `0056_testjob_queue_timeout`. */
  readonly schema: string;
  hasTable(table: string): boolean;
  /**
   * Rows of a table with these columns; one that this release of LAVA does not have is null in every row.
   * @param rest what follows the table: `where id > $1 order by id limit 1000`
   */
  rows(table: string, columns: readonly string[], rest?: string, values?: readonly unknown[]): Promise<Row[]>;
  /** A query of its own, for what takes more than one table. */
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** As `rows`, in pieces, for what may be too much at once. */
  pieces(table: string, columns: readonly string[], rest?: string, values?: readonly unknown[]): AsyncIterable<Row[]>;
  close(): Promise<void>;
}

/** Rows of a piece. */
const pieceSize = 5000;

const timestamptz = types.builtins.TIMESTAMPTZ;

/**
 * Opens the database that `url` names (`postgresql://user:password@host:port/name`).
 * @throws ConfigurationError when it cannot be read or is no LAVA's
 */
export async function openSource(url: string): Promise<Source> {
  const client = new Client({
    connectionString: url, application_name: 'lava-server manage import-lava', connectionTimeoutMillis: 10_000,
    // A Date has milliseconds, the tables have microseconds.
    types: { getTypeParser: (oid, format) => (oid === timestamptz ? String : types.getTypeParser(oid, format)) as never },
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query("set default_transaction_read_only = on; set timezone = 'UTC'; set statement_timeout = 0; set datestyle = 'ISO'");
  } catch (error) {
    await client.end().catch(() => {});
    throw new ConfigurationError(`the database of the other LAVA does not answer: ${messageOf(error)}`, { code: 'import-database', cause: error, hint: 'Name it with --database postgresql://USER:PASSWORD@HOST:PORT/NAME.' });
  }
  try {
    return await described(client);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function described(client: Client): Promise<Source> {
  const query = async (text: string, values: readonly unknown[] = []) => (await client.query<Row>(text, [...values]).catch((error: unknown) => {
    throw new ConfigurationError(`the database of the other LAVA cannot be read: ${messageOf(error)}`, { code: 'import-database', cause: error, hint: 'Its user needs the right to select from all tables; the import goes on where it stopped when it is run again.' });
  })).rows;
  const found = await query("select table_name as table, array_agg(column_name::text) as columns from information_schema.columns where table_schema = any(current_schemas(false)) group by 1");
  const tables = new Map(found.map((r) => [r['table'] as string, new Set(r['columns'] as string[])]));
  const missing = ['django_migrations', 'auth_user', 'lava_scheduler_app_testjob', 'lava_results_app_testcase'].filter((table) => !tables.has(table));
  if (missing.length > 0) throw new ConfigurationError(`this is not the database of a LAVA: it has no table ${missing[0]}`, { code: 'import-database', hint: 'See that --database names the right database, and that its user may read it.' });
  const state = tables.get('lava_scheduler_app_testjob')!;
  if (!state.has('state') || !state.has('health')) throw new ConfigurationError('the other LAVA is older than 2018.1: its jobs have no state and health', { code: 'import-too-old', hint: 'Upgrade it to the last release that its machine takes, then import.' });
  const [first] = await query('select applied from django_migrations order by id limit 1');
  const [last] = await query("select name from django_migrations where app = 'lava_scheduler_app' order by id desc limit 1");
  const select = (table: string, columns: readonly string[], rest: string) => {
    const list = columns.map((column) => (tables.get(table)!.has(column) ? escapeIdentifier(column) : `null as ${escapeIdentifier(column)}`));
    return `select ${list.join(', ')} from ${escapeIdentifier(table)} ${rest}`;
  };
  return {
    id: String(first?.['applied']), schema: String(last?.['name']), query,
    hasTable: (table) => tables.has(table),
    rows: async (table, columns, rest = '', values = []) => (tables.has(table) ? query(select(table, columns, rest), values) : []),
    async *pieces(table, columns, rest = '', values = []) {
      if (!tables.has(table)) return;
      await query('begin');
      try {
        await query(`declare pieces no scroll cursor for ${select(table, columns, rest)}`, values);
        for (;;) {
          const rows = await query(`fetch ${pieceSize} from pieces`);
          if (rows.length > 0) yield rows;
          if (rows.length < pieceSize) return;
        }
      } finally {
        await query('rollback');
      }
    },
    close: () => client.end(),
  };
}
