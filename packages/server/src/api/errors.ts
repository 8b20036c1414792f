import { LavaError, type DaemonLog } from '@lava/base';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SubmitError, type SubmitProblem } from '../services.ts';
import { isConnectionLoss } from '../store/connection.ts';

/** An answer to a client that asked for something wrong. Each interface writes it in its own form. */
export class HttpError extends Error {
  readonly status: number;
  /** Stable word for programs: `not-found`, `login-required`. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly problems: readonly SubmitProblem[] | undefined;
  /** Body for an interface whose clients expect an exact shape. */
  readonly body: unknown;

  constructor(status: number, code: string, message: string, more: { hint?: string; problems?: readonly SubmitProblem[]; body?: unknown } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = more.hint;
    this.problems = more.problems;
    this.body = more.body;
  }
}

export const notFound = (what: string) => new HttpError(404, 'not-found', `${what} does not exist or is not visible to you.`);
export const badRequest = (message: string, hint?: string) => new HttpError(400, 'bad-request', message, { hint });
export const loginRequired = () => new HttpError(401, 'login-required', 'This needs a login.', { hint: 'Sign in, or send the header "Authorization: Token SECRET".' });
export const forbidden = (message = 'You do not have permission to do this.') => new HttpError(403, 'forbidden', message);

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/**
 * Whatever was thrown, as an answer: what the user can act on keeps its text, everything else becomes a plain 500 (its
 * text goes to the daemon's log only).
 */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof SubmitError) return new HttpError(400, error.code, error.message, { hint: error.hint, problems: error.problems });
  if (error instanceof LavaError && error.type !== 'Bug') return new HttpError(400, error.code, error.message, { hint: error.hint });
  const code = codeOf(error);
  if (isConnectionLoss(error) || code === '53300') {
    return new HttpError(503, 'database-down', 'The database does not answer.', { hint: 'Try again in a moment; if it stays so, tell the admin of this server.' });
  }
  // Class 22 of PostgreSQL: a value that the database cannot take, such as a number out of range or a NUL in a text.
  if (/^22...$/.test(code)) return badRequest('The request contains a value that cannot be stored or compared: a number out of range or a NUL character.');
  return fastifyError(error, code) ?? new HttpError(500, 'internal', 'The server made a mistake; its log says more.');
}

/** fastify's own complaints about a request (broken JSON, too large, wrong type, rate limit). */
function fastifyError(error: unknown, code: string): HttpError | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  const status = Number(error.statusCode);
  if (!(status >= 400 && status < 500)) return undefined;
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new HttpError(413, 'too-large', 'The request is too large.', { hint: 'Large data belongs behind a URL that the job downloads.' });
  if (code === 'FST_ERR_VALIDATION') return badRequest(`The request has not the right form: ${text}.`);
  if (status === 429) return new HttpError(429, 'too-many-requests', `${text}.`);
  return new HttpError(status, code.startsWith('FST_') ? 'bad-request' : code.toLowerCase().replaceAll('_', '-') || 'bad-request', text);
}

/** The form of errors in `/api/v1` and wherever nothing else is said. */
export function errorBody(error: HttpError): unknown {
  const { code, message, hint, problems } = error;
  return { error: { code, message, hint, problems: problems?.map(shownProblem) } };
}

/** A problem as docs/api.md shows it: what only LAVA's own interfaces say is left out. */
export function shownProblem(problem: SubmitProblem): Omit<SubmitProblem, 'upstream'> {
  const { severity, code, message, hint, path, line, column, endColumn } = problem;
  return { severity, code, message, hint, path, line, column, endColumn };
}

/**
 * Answers a request whose handler threw, in the form that `body` gives it, and notes what is our own fault. When part
 * of the answer is on its way already, only breaking the connection tells that it is not whole.
 */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: DaemonLog, body: (error: HttpError) => [status: number, type: string, body: unknown]): void {
  if (reply.raw.destroyed) return;
  if (reply.raw.headersSent) { reply.raw.destroy(); return; }
  const answer = toHttpError(error);
  // Without the query string: it may hold what does not belong in a log.
  const where = `${request.method} ${request.url.split('?', 1)[0]}`;
  if (answer.status >= 500) log.error(`[HTTP] ${where}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
  if (answer.status === 503) reply.header('retry-after', '5');
  const [status, type, content] = body(answer);
  void reply.code(status).type(type).send(content);
}
