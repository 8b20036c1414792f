import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { InfrastructureError, JobError, lavaPaths } from '@lava/base';
import { mappingAt, type Mapping } from '@lava/job';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { receivedData } from '../pipeline/protocol-calls.ts';
import { multinodeName } from '../multinode/multinode.ts';
import { groupKey } from './group-key.ts';

/** Options that keep the keys of hosts out of it: devices get new ones with every deployment. */
const anyHost = ['-o', 'UserKnownHostsFile=/dev/null', '-o', 'StrictHostKeyChecking=no'];

/** What the device configuration says about ssh: `options`, `host`, `port`, `user`, `identity_file`. */
export function sshParameters(job: Pick<JobContext, 'device'>): Mapping {
  return mappingAt(job.device, 'actions', 'deploy', 'methods', 'ssh') ?? {};
}

/** Where a device is reached over ssh. */
export interface SshTarget {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly options: readonly string[];
  /** File of the private key. */
  readonly identity: string | undefined;
}

/** @param host address of the device @throws JobError, InfrastructureError when there is no key to sign in with */
export async function sshTarget(a: Action, host: string): Promise<SshTarget> {
  const { options, port, user } = sshParameters(a.job);
  return { host, port: asText(port ?? 22), user: asText(user ?? 'root'), options: Array.isArray(options) ? options.map(asText) : [], identity: await identityFile(a) };
}

/** Command line of a session, or of a command on the device. */
export function sshCommand({ options, identity, port, user, host }: SshTarget, ...command: string[]): string[] {
  return ['ssh', ...options, ...anyHost, ...identityOption(identity), '-p', port, `${user}@${host}`, ...command];
}

/** Command line that copies a file of the worker to the device. */
export function scpCommand({ options, identity, port, user, host }: SshTarget, from: string, to: string): string[] {
  return ['scp', ...options, '-P', port, ...identityOption(identity), ...anyHost, from, `${user}@${host.includes(':') ? `[${host}]` : host}:${to}`];
}

const identityOption = (identity: string | undefined) => (identity === undefined ? [] : ['-i', identity]);

/**
 * Does the device name a private key (`identity_file`)? A relative name is looked for below the worker's configuration;
 * where it is not there, jobs of a multinode group have a key of the group's own.
 * @throws InfrastructureError `Cannot find SSH private key …`
 */
export function hasIdentity(job: JobContext): boolean {
  const name = identityName(job);
  return name !== undefined && (fileOnWorker(name) !== undefined || usesGroupKey(job, name));
}

/** The file of the private key that `hasIdentity` tells of. */
export async function identityFile(a: Action): Promise<string | undefined> {
  const name = identityName(a.job);
  if (name === undefined) return undefined;
  const file = fileOnWorker(name);
  return file === undefined && usesGroupKey(a.job, name) ? groupKeyFile(a, basename(name)) : file;
}

function identityName(job: JobContext): string | undefined {
  const name = sshParameters(job)['identity_file'];
  return name === undefined || name === null || name === '' ? undefined : asText(name);
}

const pathOf = (name: string) => (isAbsolute(name) ? name : join(lavaPaths().workerConfig, name));
const fileOnWorker = (name: string) => (existsSync(pathOf(name)) ? pathOf(name) : undefined);

function usesGroupKey(job: JobContext, name: string): true {
  if (job.multinode && !isAbsolute(name)) return true;
  throw new InfrastructureError(`Cannot find SSH private key ${pathOf(name)}`, {
    code: 'ssh-key', hint: 'Put the key on the worker, with its public half beside it (.pub), or name another in the device dictionary: ssh_identity_file.',
  });
}

async function groupKeyFile(a: Action, name: string): Promise<string | undefined> {
  const file = join(a.job.scratch, `ssh-${name}`);
  if (existsSync(file)) return file;
  const secret = await a.job.multinode?.secret(a.signal);
  if (secret === undefined) return undefined;
  const group = mappingAt(a.job.definition, 'protocols', multinodeName)?.['target_group'];
  const { privateText, publicText } = groupKey(secret, asText(group));
  await writeFile(`${file}.pub`, publicText);
  await writeFile(file, privateText, { mode: 0o600 });
  await chmod(file, 0o600);
  return file;
}

/** What a job of a group was told about its host, if the boot block says where (`hostID`, `host_key`). @throws JobError */
export function toldHost(a: Action): string | undefined {
  const { hostID, host_key: key } = mappingAt(a.parameters, 'parameters') ?? {};
  if (hostID === undefined) return undefined;
  const data = a.get(receivedData(asText(hostID)));
  if (data === undefined) {
    throw new JobError(`Unable to retrieve ${asText(hostID)} - missing ssh deploy?`, {
      code: 'ssh-host', hint: `The deploy block has to wait for '${asText(hostID)}': protocols, lava-multinode, {action: prepare-scp-overlay, request: lava-wait, messageID: ${asText(hostID)}, message: {…}}.`,
    });
  }
  const host = data[asText(key)];
  if (host === undefined) throw new JobError(`The message '${asText(hostID)}' has no value for '${asText(key)}', only for ${Object.keys(data).join(', ')}`, { code: 'ssh-host' });
  return asText(host);
}

/** The device's own host, for jobs that are not told one. */
export function ownHost(job: Pick<JobContext, 'device'>): string | undefined {
  const { host } = sshParameters(job);
  return host === undefined || host === null || host === '' ? undefined : asText(host);
}
