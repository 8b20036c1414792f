import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCertificate, enrolmentKey, readCertificate, signRequest } from '@lava/link';
import { change, type Stored } from '../store/change.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { issueCode } from './codes.ts';
import { enrolWorker, type EnrolmentTarget } from './enrol-worker.ts';

let databases: TestDatabases;
let stored: Stored;
let target: EnrolmentTarget;
let end: () => Promise<void>;
beforeAll(async () => {
  databases = await startTestDatabases();
  const connection = await databases.fresh();
  end = () => connection.close();
  stored = { db: connection.db, events: { publish() {}, subscribe: () => () => {} } };
  const directory = await mkdtemp(join(databases.folder, 'certificates-'));
  target = { masterKey: await newKey(directory, 'master'), masterName: 'master', directory, controlPort: 5556, logPort: 5555, servers: [] };
});
afterAll(async () => {
  await end();
  await databases.stop();
});

async function newKey(directory: string, name: string): Promise<string> {
  return (await readCertificate((await createCertificate(directory, name)).publicFile)).publicKey;
}

/** A worker with a fresh code, and its request. */
async function asking(hostname: string) {
  await stored.db.insertInto('workers').values({ hostname }).execute();
  const code = await change(stored, 'root', (c) => issueCode(c, hostname, 60));
  const unsigned = { hostname, public_key: await newKey(await mkdtemp(join(databases.folder, 'worker-')), hostname) };
  return { code, request: { ...unsigned, proof: signRequest(enrolmentKey(code, hostname), unsigned) } };
}

const notes = async (hostname: string) => (await stored.db.selectFrom('audit_log').select('message').where('object', '=', hostname).orderBy('id').execute()).map((row) => row.message);
const enrol = (request: Parameters<typeof enrolWorker>[2], to = target) => enrolWorker(stored, to, request, '192.0.2.1');

test('of many that show one code at once, one is admitted', async () => {
  const { request } = await asking('w1');
  const answers = await Promise.all(Array.from({ length: 8 }, () => enrol(request)));
  expect(answers.filter((answer) => !('refused' in answer))).toHaveLength(1);
  expect(answers.filter((answer) => 'refused' in answer && answer.refused === 'the code is used')).toHaveLength(7);
  expect((await notes('w1')).filter((note) => note.startsWith('enrolment refused'))).toHaveLength(7);
  expect((await readCertificate(join(target.directory, 'w1.key'))).publicKey).toBe(request.public_key);
});

test('a code ends with its time', async () => {
  const { request } = await asking('w2');
  await sql`update enrolment_codes set expires_at = now() - interval '1 second' where worker = 'w2'`.execute(stored.db);
  expect(await enrol(request)).toEqual({ refused: 'the code is expired' });
  expect((await notes('w2')).at(-1)).toBe('enrolment refused: the code is expired (from 192.0.2.1)');
  expect(await readdir(target.directory)).not.toContain('w2.key');
});

test('the code is kept nowhere, and stays good when the certificate could not be written', async () => {
  const { code, request } = await asking('w3');
  const kept = JSON.stringify([await stored.db.selectFrom('enrolment_codes').selectAll().execute(), await notes('w3')]);
  expect(kept).not.toContain(code);
  expect(kept).not.toContain(code.replaceAll('-', ''));
  await expect(enrol(request, { ...target, directory: join(target.directory, 'missing') })).rejects.toThrow('ENOENT');
  expect(await enrol(request)).toMatchObject({ master_key: target.masterKey, control_port: 5556, log_port: 5555 });
});

test('nobody becomes the server: neither its name nor its key, nor what is no key', async () => {
  for (const [hostname, publicKey] of [['master', undefined], ['w4', target.masterKey], ['w5', 'x'], ['w6', `${'a'.repeat(38)}"\n`]] as const) {
    const { code, request } = await asking(hostname);
    const unsigned = { hostname, public_key: publicKey ?? request.public_key };
    expect(await enrol({ ...unsigned, proof: signRequest(enrolmentKey(code, hostname), unsigned) })).toEqual({ refused: 'this key or name cannot be that of a worker' });
  }
  expect((await readCertificate(join(target.directory, 'master.key'))).publicKey).toBe(target.masterKey);
});
