import { createHash } from 'node:crypto';
import { isPublicKey, replacePublicCertificate, sameProof, signAnswer, signRequest, signServers, type EnrolmentAnswer, type EnrolmentRequest, type ServerAddress } from '@lava/link';
import { change, serverActor, type Stored } from '../store/change.ts';
import { useCode } from './codes.ts';
import { shareKey } from './shared-certificates.ts';

/** Where a worker that has enrolled finds this server, and where its certificate goes. */
export interface EnrolmentTarget {
  readonly masterKey: string;
  /** Name of the server's own certificate, which no worker may have. */
  readonly masterName: string;
  /** Folder of the certificates of admitted workers. */
  readonly directory: string;
  readonly controlPort: number;
  readonly logPort: number;
  /** All servers that may lead, if the installation says so. */
  readonly servers: readonly ServerAddress[];
}

/** Nothing that the worker is told says what was wrong with its code; the audit log does. */
export type Enrolled = EnrolmentAnswer | { readonly refused: string };

/** Admits the certificate of a worker that shows a code for its name. Every refusal about a known worker is in its audit log. */
export async function enrolWorker(stored: Stored, target: EnrolmentTarget, request: EnrolmentRequest, address: string): Promise<Enrolled> {
  const { hostname, public_key: publicKey } = request;
  const row = await stored.db.selectFrom('enrolment_codes').select('key').where('worker', '=', hostname).executeTakeFirst();
  const refuse = async (why: string): Promise<Enrolled> => {
    if (row) await change(stored, serverActor, async (c) => c.note('worker', hostname, `enrolment refused: ${why} (from ${address})`));
    return { refused: why };
  };
  // An unknown name takes as long as a known one.
  const right = sameProof(signRequest(row?.key ?? '', request), request.proof);
  if (!row || !right) return refuse('wrong code');
  if (!isPublicKey(publicKey) || publicKey === target.masterKey || hostname === target.masterName) return refuse('this key or name cannot be that of a worker');
  const spent = await change(stored, serverActor, async (c) => {
    const why = await useCode(c, hostname, row.key);
    if (why) return why;
    await c.trx.updateTable('workers').set({ certificate: null }).where('hostname', '=', hostname).execute();
    const print = createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
    c.note('worker', hostname, `enrolled from ${address}; SHA-256 of its key begins with ${print}`);
    c.worker(hostname);
    await shareKey(c, hostname, publicKey);
    // Last, so that a folder that cannot be written leaves the code as it was.
    await replacePublicCertificate(target.directory, hostname, publicKey);
    return undefined;
  });
  if (spent) return refuse(`the code is ${spent}`);
  const answer = { master_key: target.masterKey, control_port: target.controlPort, log_port: target.logPort };
  const { servers } = target;
  return { ...answer, proof: signAnswer(row.key, request, answer), ...(servers.length > 0 && { servers, servers_proof: signServers(row.key, request, servers) }) };
}
