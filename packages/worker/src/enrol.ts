import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigurationError, lavaPaths, messageOf, type LavaPaths } from '@lava/base';
import {
  areServers, createCertificate, enrolmentKey, enrolmentPath, isPublicKey, readSecretCertificate, replacePublicCertificate, sameProof, signAnswer, signRequest, signServers,
  type EnrolmentAnswer,
} from '@lava/link';

const usage = `usage: lava-worker enroll --url URL --hostname NAME --code CODE [--root DIR]

Makes a key pair here, has the server at URL admit its public half, and keeps the server's certificate and addresses.
The command with its code comes from "lava-server manage workers enroll NAME", run on the server. The secret key and the
code do not leave this machine.
`;

interface Enrolment {
  readonly url: URL;
  readonly hostname: string;
  readonly code: string;
  readonly paths: LavaPaths;
}

/** `lava-worker enroll`. Resolves with the exit status. */
export async function enrolMain(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const enrolment = readArguments(args, env);
  if (!enrolment) {
    process.stdout.write(usage);
    return 0;
  }
  await enrol(enrolment);
  const root = enrolment.paths.root === '/' ? '' : ` --root ${enrolment.paths.root}`;
  process.stdout.write(`${enrolment.hostname} is enrolled. Start it, or restart it if it runs: lava-worker${root}\n`);
  return 0;
}

function readArguments(args: readonly string[], env: NodeJS.ProcessEnv): Enrolment | undefined {
  let given;
  try {
    given = parseArgs({ args: [...args], strict: true, options: { url: { type: 'string' }, hostname: { type: 'string' }, code: { type: 'string' }, root: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { code: 'option', hint: 'See lava-worker enroll --help.' });
  }
  if (given.help) return undefined;
  const { url, hostname, code } = given;
  if (!url || !hostname || !code || !URL.canParse(url) || !/^https?:/.test(url)) {
    throw new ConfigurationError('enroll needs --url http(s)://…, --hostname and --code', { code: 'option', hint: 'Copy the whole command that "lava-server manage workers enroll NAME" has printed.' });
  }
  return { url: new URL(url), hostname, code, paths: lavaPaths(resolve(given.root ?? (env['LAVA_ROOT'] || '/'))) };
}

/**
 * Enrols this machine as a worker. A pair that is in use stays so until the server has admitted the new one; after a
 * failure the next try takes the same new pair, in case the server has it already.
 */
async function enrol({ url, hostname, code, paths }: Enrolment): Promise<void> {
  const directory = paths.certificates;
  const pending = join(directory, 'enrolling');
  await mkdir(pending, { recursive: true, mode: 0o700 });
  const secret = join(pending, `${hostname}.key_secret`);
  const own = await readSecretCertificate(secret).catch(async () => readSecretCertificate((await createCertificate(pending, hostname)).secretFile));
  const key = enrolmentKey(code, hostname);
  const request = { hostname, public_key: own.publicKey };
  const answer = await ask(url, { ...request, proof: signRequest(key, request) });
  const { servers = [], servers_proof = '' } = answer;
  if (!sameProof(signAnswer(key, request, answer), answer.proof) || (servers.length > 0 && !sameProof(signServers(key, request, servers), servers_proof))) {
    throw new ConfigurationError(`what answered at ${url.origin} does not know the code: it is not the server that made it`, { code: 'enrolment-forged', hint: 'Look whether the address is right and who answers there. Nothing was changed here.' });
  }
  await replacePublicCertificate(directory, 'master', answer.master_key);
  await rename(secret, join(directory, `${hostname}.key_secret`));
  await rename(join(pending, `${hostname}.key`), join(directory, `${hostname}.key`));
  await rm(pending, { recursive: true });
  const all = servers.length > 0 ? servers : [{ master: `tcp://${url.hostname}:${answer.control_port}`, logger: `tcp://${url.hostname}:${answer.log_port}` }];
  await writeSettings(join(paths.workerConfig, 'lava-slave'), {
    MASTER_URL: all.map(({ master }) => master).join(','), LOGGER_URL: all.map(({ logger }) => logger).join(','), HOSTNAME: hostname,
  });
}

async function ask(url: URL, request: object): Promise<EnrolmentAnswer> {
  let response: Response;
  try {
    response = await fetch(new URL(enrolmentPath.slice(1) + '/', url.href.endsWith('/') ? url : `${url.href}/`), {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request), signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    throw new ConfigurationError(`no answer from ${url.origin}: ${messageOf(cause ?? error)}`, { code: 'enrolment-unreachable', hint: 'Look whether the server runs and its web is reached from here.' });
  }
  const body = await response.json().catch(() => ({})) as Partial<EnrolmentAnswer> & { error?: { message?: string; hint?: string } };
  if (!response.ok) throw new ConfigurationError(body.error?.message ?? `the server answered with status ${response.status}`, { code: 'enrolment-refused', hint: body.error?.hint });
  const { master_key, control_port, log_port, proof, servers, servers_proof } = body;
  if (typeof master_key !== 'string' || !isPublicKey(master_key) || typeof proof !== 'string' || !Number.isInteger(control_port) || !Number.isInteger(log_port)
    || (servers !== undefined && !areServers(servers)) || (servers_proof !== undefined && typeof servers_proof !== 'string')) {
    throw new ConfigurationError(`what answered at ${url.origin} is not a LAVA server`, { code: 'enrolment-answer', hint: 'Look whether the address is that of its web.' });
  }
  return { master_key, control_port: control_port!, log_port: log_port!, proof, servers, servers_proof };
}

/** Sets values in a file of settings; all other lines stay. */
async function writeSettings(path: string, values: Readonly<Record<string, string>>): Promise<void> {
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const kept = before.split('\n').filter((line) => !Object.keys(values).some((name) => new RegExp(`^\\s*(export\\s+)?${name}=`).test(line)));
  while (kept.at(-1) === '') kept.pop();
  const text = [...kept, ...Object.entries(values).map(([name, value]) => `${name}="${value}"`), ''].join('\n');
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
