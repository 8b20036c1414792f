import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { InfrastructureError, JobError, lavaPaths } from '@lava/base';
import { mappingAt, type Mapping } from '@lava/job';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../pipeline/as-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { receivedData } from '../protocols/action-calls.ts';
import { multinodeName } from '../protocols/multinode.ts';
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
  return { host, port: asText(port ?? 22), user: asText(user ?? 'root'), options: Array.isArray(options) ? options.map(asText) : [], identity: await identityFile(a.job) };
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
 * File of the private key, if the device names one (`identity_file`). A relative name is looked for below the worker's
 * configuration; where it is not there, jobs of a multinode group have a key of the group's own.
 * @throws InfrastructureError `Cannot find SSH private key …`
 */
export async function identityFile(job: JobContext): Promise<string | undefined> {
  const name = sshParameters(job)['identity_file'];
  if (name === undefined || name === null || name === '') return undefined;
  const file = isAbsolute(asText(name)) ? asText(name) : join(lavaPaths().workerConfig, asText(name));
  if (existsSync(file)) return file;
  const group = mappingAt(job.definition, 'protocols', multinodeName)?.['target_group'];
  if (isAbsolute(asText(name)) || group === undefined) {
    throw new InfrastructureError(`Cannot find SSH private key ${file}`, {
      code: 'ssh-key', hint: 'Put the key on the worker, with its public half beside it (.pub), or name another in the device dictionary: ssh_identity_file.',
    });
  }
  return groupKeyFile(job, basename(asText(name)), asText(group));
}

async function groupKeyFile(job: JobContext, name: string, group: string): Promise<string> {
  const file = join(job.scratch, `ssh-${name}`);
  if (existsSync(file)) return file;
  const { privateText, publicText } = groupKey(group);
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
