import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { InfrastructureError, JobError, messageOf } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../pipeline/as-text.ts';
import { sharedKey, type Action } from '../pipeline/action.ts';

/** The service of Arm Virtual Hardware, as one job uses it. */
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
    const answer = await new AvhApi(endpoint.replace(/\/+$/, ''), '').#call(a, 'POST', '/v1/auth/login', { apiToken: asText(secret) });
    return new AvhApi(endpoint.replace(/\/+$/, ''), asText(isMapping(answer) ? answer['token'] : ''));
  }

  /** Names of the boards that can be had. */
  async flavors(a: Action): Promise<string[]> {
    const models = await this.#call(a, 'GET', '/v1/models');
    return (Array.isArray(models) ? models : []).filter(isMapping).map((model) => asText(model['flavor'] ?? model['name']));
  }

  /** @throws JobError when there is no such project */
  async project(a: Action, name: string): Promise<string> {
    const projects = await this.#call(a, 'GET', '/v1/projects');
    const found = (Array.isArray(projects) ? projects : []).filter(isMapping).find((project) => project['name'] === name);
    if (!found) throw new JobError(`AVH project '${name}' NOT found!`, { code: 'avh-project' });
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

  async state(a: Action, instance: string): Promise<string> {
    const answer = await this.#call(a, 'GET', `/v1/instances/${encodeURIComponent(instance)}/state`);
    return asText(isMapping(answer) ? answer['state'] : answer);
  }

  /** Address of the console's web socket. */
  async consoleUrl(a: Action, instance: string): Promise<string> {
    const answer = await this.#call(a, 'GET', `/v1/instances/${encodeURIComponent(instance)}/console`);
    return asText(isMapping(answer) ? answer['url'] : '');
  }

  async remove(a: Action, kind: 'images' | 'instances', id: string): Promise<void> {
    await this.#call(a, 'DELETE', `/v1/${kind}/${encodeURIComponent(id)}`);
  }

  async #call(a: Action, method: string, path: string, body?: unknown): Promise<unknown> {
    a.log.debug(`AVH: ${method} ${path}`);
    const json = body !== undefined && !(body instanceof FormData);
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
      throw new InfrastructureError(`AVH at '${this.#base}' does not answer: ${messageOf(error)}`, { code: 'avh-api', cause: error });
    }
    if (!response.ok) throw new InfrastructureError(`AVH refused ${method} ${path} with status ${response.status}: ${text.slice(0, 300)}`, { code: 'avh-api' });
    try {
      return text === '' ? undefined : JSON.parse(text);
    } catch {
      return text.trim();
    }
  }
}

const idOf = (answer: unknown) => asText(isMapping(answer) ? answer['id'] : '');

/** What the deploy block prepared for the boot block. */
export interface AvhFirmware {
  readonly api: AvhApi;
  readonly name: string;
  readonly model: string;
  readonly project: string;
  /** The package to upload. */
  readonly file: string;
}
export const avhFirmware = sharedKey<AvhFirmware>('deploy-avh');
