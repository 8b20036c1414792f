import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { InfrastructureError, JobError, messageOf, sleep } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action } from '../pipeline/action.ts';

/** Tries of a call, and milliseconds between them: the service is far away. */
const tries = 3;
const pauseMs = 1000;
/** Answers that may be better in a moment. The service has then done nothing. */
const passing = new Set([429, 502, 503, 504]);

/** Consoles of boards that have several, by flavor: the name of the one where Linux is. */
const mainConsoles: Readonly<Record<string, string>> = { kronos: 'Primary Compute Non-Secure' };

/** The service of Arm Virtual Hardware, as one job uses it: addresses and shapes of its public API, version 3.15. */
export class AvhApi {
  readonly #base: string;
  readonly #token: string;

  private constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  /** Logs in with the job's secret `avh_api_token`. */
  static async login(a: Action, endpoint: string): Promise<AvhApi> {
    const secret = mappingAt(a.job.definition, 'secrets')?.['avh_api_token'];
    if (secret === undefined) throw new JobError("The secret 'avh_api_token' is missing", { code: 'avh-token', hint: "Write it below 'secrets:' of the job, or keep it on the server." });
    const base = endpoint.replace(/\/+$/, '');
    const answer = await new AvhApi(base, '').#call(a, 'POST', '/v1/auth/login', { apiToken: asText(secret) });
    return new AvhApi(base, asText(isMapping(answer) ? answer['token'] : ''));
  }

  /** Names of the boards that can be had. */
  async flavors(a: Action): Promise<string[]> {
    return mappings(await this.#call(a, 'GET', '/v1/models')).map((model) => asText(model['flavor']));
  }

  /** @throws JobError when there is no such project */
  async project(a: Action, name: string): Promise<string> {
    const projects = mappings(await this.#call(a, 'GET', '/v1/projects'));
    const found = projects.find((project) => project['name'] === name);
    if (!found) throw new JobError(`AVH project '${name}' NOT found!`, { code: 'avh-project', hint: `The account has ${listOf(projects.map((project) => asText(project['name'])))}: say which with 'project_name'.` });
    return asText(found['id']);
  }

  /** @returns its id */
  async upload(a: Action, { file, project }: { file: string; project: string }): Promise<string> {
    const form = new FormData();
    for (const [key, value] of Object.entries({ type: 'fwpackage', encoding: 'plain', name: basename(file), project })) form.set(key, value);
    form.set('file', await openAsBlob(file), basename(file));
    return idOf(await this.#call(a, 'POST', '/v1/images', form));
  }

  async createInstance(a: Action, instance: Readonly<Record<string, unknown>>): Promise<string> {
    return idOf(await this.#call(a, 'POST', '/v1/instances', instance));
  }

  /** `creating`, `booting`, `on`, `error` … */
  async state(a: Action, instance: string): Promise<string> {
    return asText(await this.#call(a, 'GET', `/v1/instances/${encodeURIComponent(instance)}/state`));
  }

  /** What the service says of an instance that failed. */
  async errorOf(a: Action, instance: string): Promise<string> {
    return asText((await this.#instance(a, instance))['error'] ?? '');
  }

  /** Number of the instance of that name, if it was made. */
  async findInstance(a: Action, name: string): Promise<string | undefined> {
    const found = mappings(await this.#call(a, 'GET', '/v1/instances')).find((instance) => instance['name'] === name);
    return found && idOf(found);
  }

  /** Address of the console's web socket. @throws JobError when the instance has none */
  async consoleUrl(a: Action, instance: string, flavor: string): Promise<string> {
    const name = mainConsoles[flavor];
    if (name === undefined) {
      const answer = await this.#call(a, 'GET', `/v1/instances/${encodeURIComponent(instance)}/console`);
      return asText(isMapping(answer) ? answer['url'] : '');
    }
    const consoles = mappings((await this.#instance(a, instance))['consoles']);
    const found = consoles.find((console) => console['name'] === name);
    if (!found) throw new JobError(`The instance has no console '${name}'`, { code: 'avh-instance', hint: `It has ${listOf(consoles.map((console) => asText(console['name'])))}.` });
    return `${this.#base.startsWith('http:') ? 'ws' : 'wss'}://${new URL(this.#base).host}/console/${asText(found['info'])}`;
  }

  async remove(a: Action, kind: 'images' | 'instances', id: string): Promise<void> {
    await this.#call(a, 'DELETE', `/${kind === 'images' ? 'v2' : 'v1'}/${kind}/${encodeURIComponent(id)}`);
  }

  async #instance(a: Action, id: string): Promise<Mapping> {
    const answer = await this.#call(a, 'GET', `/v1/instances/${encodeURIComponent(id)}`);
    return isMapping(answer) ? answer : {};
  }

  async #call(a: Action, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    a.log.debug(`AVH: ${method} ${path}`);
    const json = body !== undefined && !(body instanceof FormData);
    for (let attempt = 1; ; attempt += 1) {
      let response: Response;
      let text: string;
      try {
        response = await fetch(`${this.#base}${path}`, {
          method, signal: a.signal, headers: { ...(this.#token !== '' && { authorization: `Bearer ${this.#token}` }), ...(json && { 'content-type': 'application/json' }) },
          ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as FormData) }),
        });
        text = await response.text();
      } catch (error) {
        if (a.signal.aborted) throw a.signal.reason;
        throw new InfrastructureError(`AVH at '${this.#base}' does not answer: ${messageOf(error)}`, { code: 'avh-api', hint: "Is 'api_endpoint' right, and does the worker reach it?", cause: error });
      }
      const { status } = response;
      if (response.ok) return parsed(text);
      if (method === 'DELETE' && status === 404) return undefined;
      if (passing.has(status) && attempt < tries) {
        a.log.warning(`AVH answered ${status}: trying again`);
        await sleep(pauseMs, a.signal);
        continue;
      }
      const reason = `AVH refused ${method} ${path} with status ${status}: ${complaint(text)}`;
      if (path === '/v1/auth/login' && (status === 401 || status === 403)) throw new JobError(reason, { code: 'avh-token', hint: "The secret 'avh_api_token' is not one of an account there, or is no longer." });
      throw new InfrastructureError(reason, { code: 'avh-api' });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text.trim();
  }
}

/** The service says `{error, errorID}`; what stands before it may say anything. */
function complaint(text: string): string {
  const answer = parsed(text);
  return isMapping(answer) && typeof answer['error'] === 'string' ? answer['error'] : text.slice(0, 300);
}

const mappings = (value: unknown) => (Array.isArray(value) ? value.filter(isMapping) : []);
const listOf = (names: readonly string[]) => (names.length === 0 ? 'none' : names.map((name) => `'${name}'`).join(', '));
const idOf = (answer: unknown) => asText(isMapping(answer) ? answer['id'] : '');

/** What the deploy block prepared for the boot block. */
export interface AvhFirmware {
  readonly api: AvhApi;
  readonly name: string;
  /** What the package says of itself. */
  readonly version: string;
  readonly model: string;
  readonly project: string;
  /** The package to upload. */
  readonly file: string;
}
export const avhFirmware = sharedKey<AvhFirmware>('deploy-avh');
