import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import { fastify } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { globalPermissions, knownPermission } from '../auth/permissions.ts';
import { newToken } from '../auth/tokens.ts';
import { defaultEventSettings } from './events/settings.ts';
import type { Services } from '../services.ts';
import { plain } from './plain/plain.ts';
import { rest } from './rest/rest.ts';
import { startTestServer, type TestServer } from './testing.ts';
import { v1 } from './v1/v1.ts';

/*
 * Every address × everybody. The addresses are those that the server has: one that is added is tested, and a changing one
 * fails until it is said below who may use it. Everything hidden is called `secret…`, so that no answer may hold the word.
 */

const roles = ['anonymous', 'bob', 'alice', 'olga', 'mia', 'carl', 'clerk', 'root'] as const;
type Role = typeof roles[number];

/** alice submits the jobs; olga owns the hidden device; mia's group sees what is hidden, carl's may change it; clerk holds all permissions for everything. */
const insiders: readonly Role[] = ['mia', 'carl', 'clerk', 'root'];
const jobsSeenBy = {
  open: roles, secretPersonal: ['alice', 'root'], secretGroup: ['alice', 'mia', 'root'], secretDevice: ['alice', ...insiders], secretType: ['alice', ...insiders],
} as const satisfies Record<string, readonly Role[]>;
const objectsSeenBy = { open: roles, hidden: insiders };

/** Who may use an address that changes something; a name with a dot is a permission for everything. */
const writers: Readonly<Record<string, 'anybody' | 'login' | 'super' | string>> = {
  'POST /api/v1/login': 'anybody', 'POST /api/v1/logout': 'anybody', 'POST /api/v1/validate': 'anybody', 'POST /api/v1/jobs': 'login',
  'POST /api/v1/jobs/:job/cancel': 'login', 'POST /api/v1/jobs/:job/resubmit': 'login', 'POST /api/v1/tokens': 'login', 'DELETE /api/v1/tokens/:id': 'login',
  'POST /api/v1/devices/:hostname/health': 'login', 'POST /api/v1/configuration/:kind/:name': 'login', 'POST /api/v1/configuration/:kind/:name/check': 'login',
  'POST /api/v1/queries': 'login', 'POST /api/v1/queries/:owner/:name': 'login', 'POST /api/v1/queries/:owner/:name/refresh': 'login', 'POST /api/v1/queries/:owner/:name/omit': 'login',
  'POST /api/v1/failure-tags': 'super', 'DELETE /api/v1/failure-tags/:id': 'super', 'POST /api/v1/jobs/:job/annotation': 'login',
  'POST /api/v1/charts': 'login', 'POST /api/v1/charts/:name': 'login', 'DELETE /api/v1/charts/:name': 'login',
  'POST /api/v1/lab/plan': 'super', 'POST /api/v1/lab/apply': 'super', 'PUT /api/v1/shares/:group': 'super', 'DELETE /api/v1/shares/:group': 'super',
  'POST /api/v0.2/token/': 'anybody', 'POST /api/v0.2/jobs/': 'login', 'PUT /api/v0.2/jobs/:job/': 'super', 'PATCH /api/v0.2/jobs/:job/': 'super', 'DELETE /api/v0.2/jobs/:job/': 'super',
  'POST /api/v0.2/jobs/validate/': 'anybody', 'POST /api/v0.2/jobs/validate_testdef/': 'anybody', 'POST /api/v0.2/jobs/batch_cancel/': 'login',
  // Jobs that nobody sees are not there, whoever asks.
  'POST /api/v0.2/jobs/:job/cancel/': 'anybody', 'POST /api/v0.2/jobs/:job/resubmit/': 'login',
  ...forAll('/api/v0.2/devices/', ':hostname', 'super'), 'POST /api/v0.2/devices/:hostname/dictionary/': 'login',
  'POST /api/v0.2/devices/:hostname/set_health/': 'lava_scheduler_app.change_device', 'POST /api/v0.2/devices/validate/': 'lava_scheduler_app.add_device',
  ...forAll('/api/v0.2/devicetypes/', ':name', 'super'),
  'POST /api/v0.2/devicetypes/:key/template/': 'lava_scheduler_app.change_device', 'POST /api/v0.2/devicetypes/:key/health_check/': 'lava_scheduler_app.change_device',
  ...forAll('/api/v0.2/workers/', ':hostname', 'worker'), 'POST /api/v0.2/workers/:key/env/': 'lava_scheduler_app.change_worker', 'POST /api/v0.2/workers/:key/config/': 'lava_scheduler_app.change_worker',
  'POST /api/v0.2/workers/:hostname/set_health/': 'lava_scheduler_app.change_worker',
  ...forAll('/api/v0.2/tags/', ':key', 'tag'), ...forAll('/api/v0.2/aliases/', ':key', 'alias'), ...forAll('/api/v0.2/remote-artifact-tokens/', ':key', 'login'),
  ...forAll('/api/v0.2/groups/', ':key', 'super'), ...forAll('/api/v0.2/users/', ':key', 'super'),
  ...forAll('/api/v0.2/permissions/devices/', ':key', 'super'), ...forAll('/api/v0.2/permissions/devicetypes/', ':key', 'super'),
};

/** Bodies of the form that these want before they look who asks. */
const bodies: Readonly<Record<string, unknown>> = {
  'POST /api/v1/login': { username: 'x', password: 'x' }, 'POST /api/v1/validate': { definition: 'x' }, 'POST /api/v1/jobs': { definition: 'x' },
  'POST /api/v1/devices/:hostname/health': { health: 'Good' }, 'POST /api/v1/configuration/:kind/:name': { text: 'x' }, 'POST /api/v1/configuration/:kind/:name/check': { text: 'x' }, 'POST /api/v1/lab/plan': { text: 'x' }, 'POST /api/v1/lab/apply': { text: 'x', revision: 'x' }, 'PUT /api/v1/shares/:group': { weight: 1, quota: null, queue_limit: null },
};

/** Addresses to read that need more than visible objects. */
const readers: Readonly<Record<string, 'login' | 'super'>> = {
  '/api/v1/queries/+custom': 'login', '/api/v1/charts/+custom': 'login', '/results/query/+export-custom': 'login', '/results/query/get-query-groups': 'login', '/results/query/+get-group-names': 'login', '/results/chart/+get-group-names': 'login',
  '/scheduler/username-list-json': 'login', '/api/v1/tokens': 'login', '/api/v1/lab': 'super', '/api/v1/shares': 'super', '/api/v0.2/tags/': 'login', '/api/v0.2/tags/:key/': 'login', '/api/v0.2/aliases/': 'login', '/api/v0.2/aliases/:key/': 'login',
  '/api/v0.2/remote-artifact-tokens/': 'login', '/api/v0.2/remote-artifact-tokens/:key/': 'login', '/api/v0.2/groups/': 'super', '/api/v0.2/groups/:key/': 'super',
  '/api/v0.2/users/': 'super', '/api/v0.2/users/:key/': 'super', '/api/v0.2/permissions/devices/': 'super', '/api/v0.2/permissions/devices/:key/': 'super',
  '/api/v0.2/permissions/devicetypes/': 'super', '/api/v0.2/permissions/devicetypes/:key/': 'super',
};

/** POST on a list, PUT, PATCH and DELETE on its objects: for superusers, for who is signed in, or with the permission for the model. */
function forAll(path: string, key: string, rule: string): Record<string, string> {
  const of = (action: string) => (rule === 'super' || rule === 'login' ? rule : `lava_scheduler_app.${action}_${rule}`);
  return { [`POST ${path}`]: of('add'), [`PUT ${path}${key}/`]: of('change'), [`PATCH ${path}${key}/`]: of('change'), [`DELETE ${path}${key}/`]: of('delete') };
}

let server: TestServer;
const tokens: Record<string, string> = {};
const jobs: Record<keyof typeof jobsSeenBy, number> = { open: 0, secretPersonal: 0, secretGroup: 0, secretDevice: 0, secretType: 0 };
const suites: Record<number, { suite: number; cases: number[] }> = {};
let routes: { method: string; url: string }[] = [];

const ask = (role: Role, method: string, path: string, json?: unknown) =>
  server.ask(path, { method, json, headers: role === 'anonymous' ? {} : { authorization: `Token ${tokens[role]}` } });

beforeAll(async () => {
  server = await startTestServer();
  const { services: { db, devices } } = server;
  for (const role of roles.filter((r) => !(r in server.tokens))) {
    const { id } = await db.insertInto('users').values({ username: role }).returning('id').executeTakeFirstOrThrow();
    tokens[role] = await newToken(db, id, 'test');
  }
  Object.assign(tokens, server.tokens);
  await sql`insert into groups (name) values ('lab'), ('keepers'), ('clerks')`.execute(db);
  for (const [user, group] of [['mia', 'lab'], ['carl', 'keepers'], ['clerk', 'clerks']]) {
    await sql`insert into user_groups (user_id, group_id) select u.id, g.id from users u, groups g where u.username = ${user} and g.name = ${group}`.execute(db);
  }
  await sql`insert into group_permissions (group_id, permission) select g.id, unnest(${globalPermissions.map((p) => knownPermission(p)!)}::text[]) from groups g where g.name = 'clerks'`.execute(db);

  await db.insertInto('device_types').values([{ name: 'secret-type', template: '{# secret #}', health_check: 'secret: 1' }]).execute();
  await db.updateTable('device_types').set({ health_check: 'job_name: check' }).where('name', '=', 'qemu').execute();
  await db.insertInto('workers').values({ hostname: 'secret-worker', env: 'secret: 1', dispatcher_config: 'secret: 1' }).execute();
  await db.updateTable('workers').set({ env: 'a: 1', dispatcher_config: 'a: 1' }).where('hostname', '=', 'worker01').execute();
  await db.insertInto('aliases').values([{ name: 'vm', device_type: 'qemu' }, { name: 'secret-alias', device_type: 'secret-type' }]).execute();
  const olga = await db.selectFrom('users').select('id').where('username', '=', 'olga').executeTakeFirstOrThrow();
  await db.insertInto('devices').values([
    { hostname: 'secret-device', device_type: 'qemu', worker: 'secret-worker', physical_owner: olga.id, description: 'secret' }, { hostname: 'secret-by-type', device_type: 'secret-type', description: 'secret' },
  ]).execute();
  for (const hostname of ['secret-device', 'secret-by-type']) await devices.setDictionary(hostname, `{% extends 'qemu.jinja2' %}\n{# secret #}\n`, 'root');
  for (const [table, column, name, kind] of [
    ['group_device_permissions', 'device', 'secret-device', 'device'], ['group_device_type_permissions', 'device_type', 'secret-type', 'devicetype'], ['group_worker_permissions', 'worker', 'secret-worker', 'worker'],
  ] as const) {
    for (const [group, verb] of [['lab', 'view'], ['keepers', 'change']]) {
      await sql`insert into ${sql.table(table)} (${sql.ref(column)}, group_id, permission) select ${name}, id, ${`${verb}_${kind}`} from groups where name = ${group}`.execute(db);
    }
  }
  jobs.open = await server.addJob({ submitter: 'alice', device: null });
  jobs.secretPersonal = await server.addJob({ submitter: 'alice', isPublic: false, description: 'secret', device: null });
  jobs.secretGroup = await server.addJob({ submitter: 'alice', groups: ['lab'], description: 'secret', device: null });
  jobs.secretDevice = await server.addJob({ submitter: 'alice', description: 'secret', device: 'secret-device' });
  jobs.secretType = await server.addJob({ submitter: 'alice', description: 'secret', device: null });
  await db.updateTable('jobs').set({ requested_device_type: 'secret-type' }).where('id', '=', jobs.secretType).execute();
  for (const id of Object.values(jobs)) {
    const word = id === jobs.open ? 'plain' : 'secret';
    await server.appendLog(id, [['target', word]]);
    await server.writeJobFile(id, 'job.yaml', `${word}: 1\n`);
    await server.writeJobFile(id, 'description.yaml', `${word}: 1\n`);
    const cases = await server.addCases(id, '0_smoke', [{ name: word, result: 'fail', lines: [0, 1] }]);
    const { id: suite } = await db.selectFrom('test_suites').select('id').where('job', '=', id).executeTakeFirstOrThrow();
    suites[id] = { suite, cases };
    await db.insertInto('audit_log').values({ actor: 'root', kind: 'job', object: String(id), message: word }).execute();
  }
  routes = await routesOf(server.services);
});
afterAll(() => server.stop());

/** What these interfaces answer to, without the methods that are told to be wrong. */
async function routesOf(services: Services): Promise<{ method: string; url: string }[]> {
  const app = fastify();
  const found: { method: string; url: string }[] = [];
  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  app.addHook('onRoute', ({ method, url }) => {
    // What lists several methods at once is the answer to a wrong method.
    if (typeof method === 'string' && method !== 'HEAD' && method !== 'OPTIONS') found.push({ method, url });
  });
  await app.register(v1, { prefix: '/api/v1', services });
  await app.register(rest, { prefix: '/api/v0.2', services, events: defaultEventSettings });
  await app.register(plain, { services });
  await app.close();
  return found;
}

const may = (role: Role, rule: string) => {
  if (rule === 'anybody') return true;
  if (rule === 'login') return role !== 'anonymous';
  return role === 'root' || (rule !== 'super' && role === 'clerk');
};

describe.each(roles)('%s', (role) => {
  test('reads of jobs', async () => {
    const ofJob = routes.filter((r) => r.method === 'GET' && r.url.includes(':job') && !r.url.includes('cancel') && !r.url.endsWith('job_data'));
    expect(ofJob.length).toBeGreaterThan(30);
    for (const [name, id] of Object.entries(jobs) as [keyof typeof jobs, number][]) {
      const seen = (jobsSeenBy[name] as readonly Role[]).includes(role);
      await Promise.all(ofJob.map(async ({ url }) => {
        const { suite, cases } = suites[id]!;
        const path = url.replace(':job', String(id)).replace(':suite', url.startsWith('/results') ? '0_smoke' : String(suite)).replace(':test', String(cases[0]))
          + (url.endsWith('/log/search') ? '?q=e' : '');
        const { status, text } = await ask(role, 'GET', path);
        if (seen) expect([path, status]).toEqual([path, 200]);
        else {
          expect([path, [403, 404].includes(status)]).toEqual([path, true]);
          expect([path, text.includes('secret')]).toEqual([path, false]);
        }
      }));
      expect((await ask(role, 'GET', `/results/testcase/${suites[id]!.cases[0]}/yaml`)).status).toBe(seen ? 200 : 404);
    }
  });

  test('reads of devices, device types and workers', async () => {
    const names = {
      devices: { open: ['qemu01'], hidden: ['secret-device', 'secret-by-type'] }, types: { open: ['qemu'], hidden: ['secret-type'] }, workers: { open: ['worker01'], hidden: ['secret-worker'] },
    };
    let looked = 0;
    for (const { url } of routes.filter((r) => r.method === 'GET' && /:(hostname|name|key)/.test(r.url))) {
      const kind = /device\/|devices\//.test(url) && !url.includes('permissions') ? 'devices' : /device-?types\//.test(url) && !url.includes('permissions') ? 'types' : url.includes('workers/') ? 'workers' : undefined;
      if (!kind) continue;
      for (const sort of ['open', 'hidden'] as const) {
        for (const name of names[kind][sort]) {
          const path = url.replace(/:(hostname|name|key)/, name);
          const { status, text } = await ask(role, 'GET', path);
          looked += 1;
          if (objectsSeenBy[sort].includes(role)) expect([path, status]).toEqual([path, 200]);
          else {
            expect([path, status]).toEqual([path, 404]);
            // The name itself may stand in what is said to be missing.
            expect([path, text.replaceAll(name, '').includes('secret')]).toEqual([path, false]);
          }
        }
      }
    }
    expect(looked).toBeGreaterThan(20);
  });

  test('lists hold what is visible and no more', async () => {
    const lists = routes.filter((r) => r.method === 'GET' && !/[:*]/.test(r.url));
    expect(lists.length).toBeGreaterThan(15);
    for (const { url } of lists) {
      const { status, text } = await ask(role, 'GET', `${url}${url.includes('v0.2') ? '?all=1' : ''}`);
      const rule = readers[url];
      if (rule && !may(role, rule)) { expect([url, [401, 403].includes(status)]).toEqual([url, true]); continue; }
      expect([url, status]).toEqual([url, 200]);
      if (role === 'anonymous' || role === 'bob' || role === 'olga') expect([url, text.includes('secret')]).toEqual([url, false]);
    }
    const { results } = (await ask(role, 'GET', '/api/v0.2/jobs/')).json as { results: { id: number }[] };
    const expected = (Object.keys(jobs) as (keyof typeof jobs)[]).filter((name) => (jobsSeenBy[name] as readonly Role[]).includes(role)).map((name) => jobs[name]);
    expect(results.map((j) => j.id).sort()).toEqual(expected.sort());
    for (const [path, field, open, hidden] of [['devices', 'hostname', ['qemu01'], ['secret-by-type', 'secret-device']], ['devicetypes', 'name', ['qemu'], ['secret-type']], ['workers', 'hostname', ['worker01'], ['secret-worker']]] as const) {
      const list = (await ask(role, 'GET', `/api/v0.2/${path}/?ordering=${field}`)).json.results as Record<string, unknown>[];
      expect(list.map((o) => o[field])).toEqual((insiders.includes(role) ? [...open, ...hidden] : [...open]).sort());
    }
  });

  test('single objects that need more than a look', async () => {
    for (const [url, rule] of Object.entries(readers).filter(([u]) => u.includes(':'))) {
      const path = url.replace(':key', '999999');
      expect([path, (await ask(role, 'GET', path)).status]).toEqual([path, may(role, rule) ? 404 : 403]);
    }
  });

  test('changes', async () => {
    for (const { method, url } of routes.filter((r) => r.method !== 'GET')) {
      const rule = writers[`${method} ${url}`];
      if (rule === undefined) throw new Error(`say in "writers" who may use ${method} ${url}`);
      // Nothing has these names: who may change it learns that it is not there, or that the request is wrong.
      const path = url.replace(/:\w+/, url.includes(':job') || url.includes(':id') || url.includes(':key') ? '999999' : 'nope');
      const { status } = await ask(role, method, path, bodies[`${method} ${url}`] ?? {});
      expect([method, path, [401, 403].includes(status)]).toEqual([method, path, !may(role, rule)
        // A wrong password is answered as a missing one is.
        || (url === '/api/v1/login' && status === 401)]);
    }
  });

  test('changes of what one may see', async () => {
    const changers: readonly Role[] = ['carl', 'clerk', 'root'];
    for (const [path, refused] of [['/api/v1/devices/secret-device/health', [401, 403, 404]], ['/api/v0.2/devices/secret-device/dictionary/', [403, 404]]] as const) {
      const { status } = await ask(role, 'POST', path, path.includes('health') ? { health: 'wrong' } : {});
      const { status: open } = await ask(role, 'POST', path.replace('secret-device', 'qemu01'), path.includes('health') ? { health: 'Good' } : {});
      if (path.includes('dictionary')) {
        expect([path, refused.includes(status as never)]).toEqual([path, !changers.includes(role)]);
        expect([path, open]).toEqual([path, role === 'clerk' || role === 'root' ? 400 : 403]);
      } else expect([path, open]).toEqual([path, role === 'clerk' || role === 'root' ? 200 : role === 'anonymous' ? 401 : 403]);
    }
    for (const [kind, hidden, open, mayChange] of [['dictionary', 'secret-device', 'qemu01', changers], ['template', 'secret-type', 'qemu', ['clerk', 'root']], ['health-check', 'secret-type', 'qemu', ['clerk', 'root']], ['env', 'secret-worker', 'worker01', ['clerk', 'root']]] as const) {
      for (const name of [hidden, open]) {
        const seen = name === open || insiders.includes(role);
        const changes = (mayChange as readonly Role[]).includes(role) && (name === hidden || role !== 'carl');
        const { status: read, text } = await ask(role, 'GET', `/api/v1/configuration/${kind}/${name}`);
        expect([kind, name, read, text.includes('{# secret')]).toEqual([kind, name, seen ? 200 : 404, seen && name === hidden && (kind === 'dictionary' || kind === 'template')]);
        const refused = role === 'anonymous' ? 401 : seen ? 403 : 404;
        expect([kind, name, (await ask(role, 'GET', `/api/v1/configuration/${kind}/${name}/versions`)).status]).toEqual([kind, name, changes ? 200 : refused]);
        expect([kind, name, (await ask(role, 'POST', `/api/v1/configuration/${kind}/${name}/check`, { text: '' })).status]).toEqual([kind, name, changes ? 200 : refused]);
      }
    }
    const running = await server.addJob({ submitter: 'alice', description: 'secret', state: 'Running', device: 'secret-device' });
    const { status } = await ask(role, 'GET', `/api/v0.2/jobs/${running}/cancel/`);
    await server.services.db.deleteFrom('jobs').where('id', '=', running).execute();
    expect(status).toBe((['alice', ...changers] as Role[]).includes(role) ? 200 : role === 'mia' ? 403 : 404);
  });
});
