import type { LogRecord, Problem } from './types.ts';

/** What the server answered instead of data: `{"error": {code, message, hint?, problems?}}` with a status. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly problems: Problem[];

  constructor(status: number, error: { code?: string; message?: string; hint?: string; problems?: Problem[] }) {
    super(error.message ?? `The server answered with status ${status}`);
    this.status = status;
    this.code = error.code ?? 'unknown';
    this.hint = error.hint;
    this.problems = error.problems ?? [];
  }
}

function cookie(name: string): string | undefined {
  const pair = document.cookie.split('; ').find((c) => c.startsWith(`${name}=`));
  return pair === undefined ? undefined : decodeURIComponent(pair.slice(name.length + 1));
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** @param path below `/api/v1`, or with a slash before it an address of LAVA's own REST API */
async function request(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const csrf = cookie('lava_csrf');
  if (method !== 'GET' && csrf !== undefined) headers['X-CSRF-Token'] = csrf;
  let response: Response;
  try {
    response = await fetch(path.startsWith('/') ? path : `/api/v1/${path}`, {
      method, headers, credentials: 'same-origin',
      ...(body !== undefined && { body: JSON.stringify(body) }), ...(signal && { signal }),
    });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new ApiError(0, { code: 'unreachable', message: 'The server cannot be reached', hint: 'Check the network and that lava-server runs; this page goes on by itself.' });
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({})) as { error?: ConstructorParameters<typeof ApiError>[1] };
  throw new ApiError(response.status, answer.error ?? { message: restMessage(answer) });
}

/** What LAVA's REST API says of an error: `{"detail": "…"}` or `{"field": ["…"]}`. */
function restMessage(answer: object): string | undefined {
  const [[field, said] = ['', undefined]] = Object.entries(answer) as [string, unknown][];
  const text = Array.isArray(said) ? said.join(' ') : typeof said === 'string' ? said : undefined;
  return text === undefined || ['detail', 'message', 'non_field_errors'].includes(field) ? text : `${field}: ${text}`;
}

export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => (await request('GET', path, undefined, signal)).json() as Promise<T>;

export const getText = async (path: string, signal?: AbortSignal): Promise<string> => (await request('GET', path, undefined, signal)).text();

/** Sends something that changes the lab. */
export async function send<T>(method: Exclude<Method, 'GET'>, path: string, body?: unknown): Promise<T> {
  const response = await request(method, path, body);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
export const post = <T>(path: string, body: unknown = {}): Promise<T> => send<T>('POST', path, body);

/** Records `start` ≤ n < `end` of a job's log, and how many there are now. */
export async function getLog(job: string, start: number, end: number, signal?: AbortSignal): Promise<{ records: LogRecord[]; total: number }> {
  const response = await request('GET', `jobs/${encodeURIComponent(job)}/log?start=${start}&end=${end}`, undefined, signal);
  const text = await response.text();
  const records = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LogRecord);
  return { records, total: Number(response.headers.get('X-Total-Lines') ?? start + records.length) };
}

/** A path of `/api/v1` with its query; empty values are left out. */
export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(key, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
