import type { Problem } from '@lava/job';
import type { ApiError } from './api-types.ts';
import { CliError, exitStatus } from './exit.ts';
import type { Settings } from './settings.ts';

/** The server refused a definition; the problems have their places. */
export class RefusedDefinition extends CliError {
  readonly problems: readonly Problem[];
  constructor(message: string, problems: readonly Problem[]) {
    super(message, exitStatus.failed);
    this.problems = problems;
  }
}

/** Requests to `/api/v1` of one server. Every failure is a CliError that says what to do. */
export class Client {
  readonly settings: Settings;
  constructor(settings: Settings) {
    this.settings = settings;
  }

  get<T>(path: string): Promise<T> {
    return this.#request('GET', path).then((r) => r.json() as Promise<T>);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#request('POST', path, body).then((r) => r.json() as Promise<T>);
  }

  async text(path: string): Promise<string> {
    return (await this.#request('GET', path)).text();
  }

  /** An answer that goes on: a stream of events after the one with this id. */
  stream(path: string, lastEventId: string | undefined): Promise<Response> {
    return this.#request('GET', path, undefined, { accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) });
  }

  async #request(method: string, path: string, body?: unknown, more: Readonly<Record<string, string>> = {}): Promise<Response> {
    const { url, token } = this.settings;
    const headers = {
      ...more,
      ...(token && { authorization: `Token ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
      .catch((error: Error & { cause?: Error }) => {
        throw new CliError(`cannot reach ${url}: ${error.cause?.message || error.message}`, exitStatus.server,
          'Is the server running? Name another one with --url or LAVA_URL.');
      });
    if (response.ok) return response;

    const answer = (await response.json().catch(() => ({}))) as ApiError;
    const message = answer.error?.message ?? `${url} answered ${response.status} ${response.statusText}`;
    if (answer.error?.problems) throw new RefusedDefinition(message, answer.error.problems);
    const denied = response.status === 401 || response.status === 403;
    const hint = answer.error?.hint ?? (denied ? "Sign in with 'lava login', or give --token or LAVA_TOKEN." : undefined);
    throw new CliError(message, denied || response.status >= 500 ? exitStatus.server : exitStatus.failed, hint);
  }
}
