import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, LavaError } from '@lava/base';
import { readCertificate, readSecretCertificate, type WorkerEndpointOptions } from '@lava/link';
import type { WorkerSettings } from './settings.ts';

/** Finds and reads this worker's certificates. Throws ConfigurationError that says which commands make what is missing. */
export async function workerEncryption(settings: WorkerSettings): Promise<WorkerEndpointOptions['encryption']> {
  if (!settings.encrypt) return { plain: settings.allowPlainNetwork ? 'anywhere' : 'loopback' };
  const dir = settings.paths.certificates;
  const named = join(dir, `${settings.hostname}.key_secret`);
  const classic = join(dir, 'slave.key_secret');
  const ownPath = settings.slaveCert ?? (existsSync(named) || !existsSync(classic) ? named : classic);
  const masterPath = settings.masterCert ?? join(dir, 'master.key');
  const toDirectory = settings.paths.root === '/' ? '' : ` --directory ${dir}`;
  const own = await readSecretCertificate(ownPath).catch((error) => {
    throw missing(error, `Run "lava-server manage workers enroll ${settings.hostname}" on the server, and here the command that it prints. Or by hand: create_certificate ${settings.hostname}${toDirectory}. Then copy ${join(dir, `${settings.hostname}.key`)} into /etc/lava-dispatcher/certificates.d of the server.`);
  });
  const master = await readCertificate(masterPath).catch((error) => {
    throw missing(error, `Copy master.key from /etc/lava-dispatcher/certificates.d of the server to ${masterPath}. If the server has none, run there: lava-server certificate master.`);
  });
  return { own, master };
}

function missing(error: unknown, hint: string): unknown {
  return error instanceof LavaError && error.code === 'certificate-missing' ? new ConfigurationError(error.message, { code: error.code, hint, cause: error }) : error;
}
