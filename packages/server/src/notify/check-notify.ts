import { sql, type Kysely } from 'kysely';
import { messageOf } from '@lava/base';
import { readConditions } from '../queries/conditions.ts';
import type { User } from '../auth/users.ts';
import { findQueryNamed, maySeeQuery } from '../queries/saved-query.ts';
import type { SubmitProblem } from '../services.ts';
import type { Database } from '../store/database.ts';
import { describesApiToken } from './callback-token.ts';
import { isMailAddress } from './mail.ts';
import { deviceOwner, notifyOf, type NotifyBlock, type Recipient } from './notify-block.ts';

type Problem = Omit<SubmitProblem, 'line' | 'column' | 'endColumn'>;
type Path = readonly (string | number)[];
type Db = Kysely<Database>;

/** What is wrong with who is told, here and now. Refusals have LAVA's words; without a user, what depends on one is not checked. */
export async function checkNotify(db: Db, definition: unknown, user: User | null): Promise<Problem[]> {
  const block = notifyOf(definition);
  if (!block) return [];
  const problems: Problem[] = [];
  for (const [n, recipient] of block.recipients.entries()) problems.push(...await checkRecipient(db, recipient, ['notify', 'recipients', n, 'to']));
  problems.push(...checkQueries(block));
  if (user) problems.push(...await checkSavedQuery(db, block, user), ...await checkTokens(db, block, user, definition));
  return problems;
}

const refusal = (code: string, message: string, path: Path): Problem => ({ severity: 'error', code, message, path });

async function checkRecipient(db: Db, { method, user, email, handle }: Recipient, path: Path): Promise<Problem[]> {
  if (method === 'email' && !user && !email) return [refusal('notify-recipient', 'No valid user or email address specified.', path)];
  if (method === 'irc' && !user && !handle) return [refusal('notify-recipient', 'No valid user or IRC handle specified.', path)];
  if (method === 'email' && email && !isMailAddress(email)) return [refusal('notify-email', `'${email}' is not a valid email address.`, [...path, 'email'])];
  if (!user || user === deviceOwner) return [];
  const { rows } = await sql`select from users where username = ${user.replaceAll('\0', '')}`.execute(db);
  return rows.length > 0 ? [] : [refusal('notify-user', `'${user}' is not an existing user in LAVA.`, [...path, 'user'])];
}

/** Queries that cannot be read would make that nobody is ever told. */
function checkQueries({ criteria, compare }: NotifyBlock): Problem[] {
  const problems: Problem[] = [];
  for (const [text, path] of [[criteria.dependencyQuery, ['notify', 'criteria', 'dependency_query']], [compare?.conditions, ['notify', 'compare', 'query', 'conditions']]] as const) {
    const wrong = text ? problemOfQuery(text) : undefined;
    if (wrong !== undefined) problems.push({ ...refusal('notify-query', wrong, path), hint: 'Write conditions as table__field__operator__value: testjob__health__exact__Complete.' });
  }
  return problems;
}

/** A saved query must be there when the job ends, so that it need not be there yet. */
async function checkSavedQuery(db: Db, { compare }: NotifyBlock, user: User): Promise<Problem[]> {
  if (compare?.saved === undefined) return [];
  const query = await findQueryNamed(db, compare.saved);
  const wrong = !query || query.isArchived || !maySeeQuery(user, query) ? `Query ${compare.saved} does not exist` : query.entity !== 'testjob' ? `Query ${compare.saved} does not find jobs` : undefined;
  if (wrong === undefined) return [];
  return [{ severity: 'warning', code: 'notify-saved-query', message: wrong, path: ['notify', 'compare', 'query'], hint: 'Nothing is compared. Make a query of jobs with this name, or write conditions here: {entity: testjob, conditions: {…}}.' }];
}

function problemOfQuery(text: string): string | undefined {
  try {
    readConditions('testjob', text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function checkTokens(db: Db, { callbacks }: NotifyBlock, user: User, definition: unknown): Promise<Problem[]> {
  const problems: Problem[] = [];
  const single = (definition as { notify: { callback?: unknown } }).notify.callback !== undefined;
  for (const [n, { token }] of callbacks.entries()) {
    if (token === undefined || !await describesApiToken(db, user.id, token)) continue;
    problems.push({
      severity: 'warning', code: 'notify-token', path: ['notify', ...(single ? ['callback'] : ['callbacks', n]), 'token'],
      message: `The token is the description of an API token of yours, of which only a hash is stored: the callback cannot be sent`,
      hint: 'Store the secret that the receiver wants as a remote artefact token of the same name.',
    });
  }
  return problems;
}
