import type { FastifyInstance } from 'fastify';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { User } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { change, type Change } from '../../store/change.ts';
import type { AuditKind, Database } from '../../store/database.ts';
import { notFound } from '../errors.ts';
import type { Fields } from './filter.ts';
import { listing } from './page.ts';
import { route, type RestRequest } from './route.ts';
import { refused, writtenColumns, type WriteField, type WrittenColumns } from './write.ts';

/** A kind of objects that are listed, shown, added, changed and removed one like the other. */
export interface Resource<R> {
  /** `/tags/`. */
  readonly path: string;
  /** `Tag`, in messages. */
  readonly title: string;
  readonly audit: AuditKind;
  readonly table: keyof Database & string;
  /** Column that addresses and answers call an object by. */
  readonly key: { readonly column: string; readonly kind: 'number' | 'text' };
  /** What a list reads, from what. */
  readonly columns: RawBuilder<unknown>;
  readonly from: RawBuilder<unknown>;
  readonly fields: Fields;
  readonly orderings: Readonly<Record<string, string>>;
  readonly written: Readonly<Record<string, WriteField>>;
  readonly required: readonly string[];
  show(row: R): unknown;
  /** Throws when the user may not do this; the user who asks. */
  allow(request: RestRequest, action: 'view' | 'add' | 'change' | 'delete'): User;
  /** The objects that are there for this user, by columns of the table; all if left out. */
  where?(user: User): RawBuilder<boolean>;
  /** Columns that a new object has beside the written ones. */
  owned?(user: User): Record<string, string | number>;
  /** Looks at what is to be written and turns names into keys. Throws `fieldError`. */
  resolve?(db: Kysely<Database>, columns: WrittenColumns, request: RestRequest): Promise<WrittenColumns>;
  /** What an object keeps in other tables; `key` is its key. */
  after?(c: Change, key: string | number, request: RestRequest): Promise<void>;
  /** How it is written, where more than its table is to be thought of; the audit log included. */
  readonly writer?: ResourceWriter;
  /** Throws when the object must stay. */
  mayRemove?(db: Kysely<Database>, key: string | number): Promise<void>;
}

interface ResourceWriter {
  /** Returns the key. */
  add(c: Change, columns: WrittenColumns): Promise<string | number>;
  /** @param name as the audit log calls the object; `there`: the objects that are there for who asks */
  change(c: Change, key: string | number, name: string, columns: WrittenColumns, there: RawBuilder<boolean>): Promise<void>;
  remove(c: Change, key: string | number, name: string, there: RawBuilder<boolean>): Promise<void>;
}

/** Writes the rows of a table that nothing else hangs on. */
function rowWriter({ table, audit, title }: Pick<Resource<unknown>, 'table' | 'audit' | 'title'>, key: string): ResourceWriter {
  const what = title.toLowerCase();
  return {
    async add(c, columns) {
      const { rows } = await sql<{ key: string | number }>`insert into ${sql.table(table)} (${sql.join(Object.keys(columns).map((column) => sql.ref(column)))})
        values (${sql.join(Object.values(columns))}) returning ${sql.ref(key)} as key`.execute(c.trx);
      const made = rows[0]!.key;
      c.note(audit, String(columns['name'] ?? made), `${what} added`);
      return made;
    },
    async change(c, at, name, columns, there) {
      if (Object.keys(columns).length > 0) await c.trx.updateTable(table).set(columns as never).where(sql.ref(key), '=', at).where(there).execute();
      c.note(audit, name, `${what} changed`);
    },
    async remove(c, at, name, there) {
      await c.trx.deleteFrom(table).where(sql.ref(key), '=', at).where(there).execute();
      c.note(audit, name, `${what} removed`);
    },
  };
}

/** Adds the routes of a resource. */
export function resource<R>(app: FastifyInstance, services: Services, r: Resource<R>): void {
  const { db } = services;
  const name = r.title.toLowerCase();
  const key = r.key.column.split('.')[1]!;
  const writer = r.writer ?? rowWriter(r, key);
  /** The field that is told to be taken. */
  const label = r.required[0] ?? key;
  const there = (user: User) => r.where?.(user) ?? sql<boolean>`true`;

  const find = async (user: User, text: string | number): Promise<R> => {
    const known = r.key.kind === 'text' || /^\d{1,9}$/.test(String(text));
    const { rows } = known ? await sql<R>`select ${r.columns} from ${r.from} where ${sql.ref(r.key.column)} = ${text} and ${there(user)}`.execute(db) : { rows: [] };
    if (!rows[0]) throw notFound(r.title);
    return rows[0];
  };
  /** How the audit log calls an object: by its name, if it has one. */
  const called = (row: R) => String((row as { name?: unknown; username?: unknown }).name ?? (row as { username?: unknown }).username ?? (row as Record<string, unknown>)[key]);

  route(app, r.path, {
    GET: async (request) => {
      const user = r.allow(request, 'view');
      return listing<R, unknown>({
        db, request, columns: r.columns, from: r.from, fields: r.fields, where: there(user), orderings: r.orderings,
        defaultOrder: sql.ref(r.key.column), most: 10_000, show: (row) => r.show(row),
      });
    },
    POST: async (request, reply) => {
      const user = r.allow(request, 'add');
      const written = writtenColumns(request, r.written, r.required);
      const columns = { ...await (r.resolve?.(db, written, request) ?? written), ...r.owned?.(user) };
      const added = await refused(name, label, () => change(services, user.username, async (c) => {
        const made = await writer.add(c, columns);
        await r.after?.(c, made, request);
        return made;
      }));
      return reply.code(201).send(r.show(await find(user, added)));
    },
  }, { filters: r.fields, orderings: Object.keys(r.orderings), body: r.written, required: r.required });

  const update = (required: readonly string[]) => async (request: RestRequest<{ key: string }>) => {
    const user = r.allow(request, 'change');
    const row = await find(user, request.params.key);
    const written = writtenColumns(request, r.written, required);
    const columns = await (r.resolve?.(db, written, request) ?? written);
    let at: string | number = request.params.key;
    await refused(name, label, () => change(services, user.username, async (c) => {
      await writer.change(c, at, called(row), columns, there(user));
      at = columns[key] as string | number | undefined ?? at;
      await r.after?.(c, r.key.kind === 'number' ? Number(at) : at, request);
    }));
    return r.show(await find(user, at));
  };
  route<{ key: string }>(app, `${r.path}:key/`, {
    GET: async (request) => r.show(await find(r.allow(request, 'view'), request.params.key)),
    PUT: update(r.required), PATCH: update([]),
    DELETE: async (request, reply) => {
      const user = r.allow(request, 'delete');
      const row = await find(user, request.params.key);
      await r.mayRemove?.(db, request.params.key);
      await change(services, user.username, async (c) => {
        await writer.remove(c, request.params.key, called(row), there(user));
      });
      return reply.code(204).send();
    },
  }, { body: r.written, required: r.required });
}
