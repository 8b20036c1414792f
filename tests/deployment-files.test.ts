import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
// @ts-expect-error -- a script without types
import { packages as debianPackages } from '../packaging/debian/packages.mjs';
import { sharedStorage } from '../packages/server/src/files/storage-settings.ts';
import { readMasterSettings } from '../packages/server/src/settings/master-settings.ts';
import { trustedProxies } from '../packages/server/src/settings/networks.ts';
import { mayHaveOthers } from '../packages/server/src/settings/roles.ts';

// The files with which several servers are set up, as far as they can be checked without a cluster.

const packaging = fileURLToPath(new URL('../packaging/', import.meta.url));
const packages = debianPackages as Record<'server' | 'worker' | 'cli', { readonly name: string; readonly programs: readonly string[] }>;
const programs = new Set(Object.values(packages).flatMap((p) => p.programs));
type Mapping = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- parsed files of every shape
const kinds: Record<string, new (data: never) => { validate(): void }> = { StatefulSet, Deployment, Ingress, PodDisruptionBudget, ConfigMap, Service };

async function manifests(): Promise<Mapping[]> {
  const files = (await readdir(join(packaging, 'kubernetes'))).filter((name) => name.endsWith('.yaml'));
  const texts = await Promise.all(files.map((name) => readFile(join(packaging, 'kubernetes', name), 'utf8')));
  return texts.flatMap((text) => text.split(/^---$/m)).map((text) => loadYaml(text) as Mapping);
}

/** Whether the server takes settings and roles as a file gives them. */
async function checkSettings(text: string): Promise<void> {
  const settings = loadYaml(text) as Mapping;
  expect((await sharedStorage(settings))?.place).toMatch(/^(s3:|\/)/);
  expect(trustedProxies(settings)('10.1.2.3')).toBe(true);
  expect(trustedProxies(settings)('192.0.2.1')).toBe(false);
}

describe('Kubernetes', () => {
  test('every object follows the schema of its kind, and one that is wrong would be seen', async () => {
    const all = await manifests();
    expect(all.map((o) => o['kind']).sort()).toEqual(['ConfigMap', 'Deployment', 'Ingress', 'PodDisruptionBudget', 'PodDisruptionBudget', 'Service', 'Service', 'Service', 'Service', 'StatefulSet']);
    for (const object of all) new kinds[object['kind']]!(object as never).validate();
    expect(() => new Deployment({ metadata: {}, spec: { replicas: 'two' } } as never).validate()).toThrow('replicas');
  });

  test('selectors, ports, volumes and budgets name what is there', async () => {
    const all = await manifests();
    const sets = all.filter((o) => ['StatefulSet', 'Deployment'].includes(o['kind']));
    const pods = sets.map((o) => ({ ...o['spec'].template.metadata.labels, name: o['metadata'].name, replicas: o['spec'].replicas, container: o['spec'].template.spec.containers[0] as Mapping }));
    for (const { spec: { selector, ports } } of all.filter((o) => o['kind'] === 'Service') as Mapping[]) {
      const ofPod = /^(.*)-(\d+)$/.exec(selector['statefulset.kubernetes.io/pod-name'] ?? '');
      const pod = pods.find((p) => (ofPod ? p.name === ofPod[1] && Number(ofPod[2]) < p.replicas : p.app === selector.app));
      for (const { targetPort } of ports) expect(pod!.container['ports'].map((p: Mapping) => p['name'])).toContain(targetPort);
    }
    for (const { spec } of all.filter((o) => o['kind'] === 'PodDisruptionBudget') as Mapping[]) expect(pods.map((p) => p.app)).toContain(spec.selector.matchLabels.app);
    for (const { spec } of sets as Mapping[]) {
      expect(spec.selector.matchLabels.app).toBe(spec.template.metadata.labels.app);
      const volumes = spec.template.spec.volumes.map((v: Mapping) => v['name']).sort();
      expect(spec.template.spec.containers[0].volumeMounts.map((m: Mapping) => m['name']).sort()).toEqual(volumes);
    }
  });

  test('the server takes the settings, names and ports that it is given', async () => {
    const all = await manifests();
    await checkSettings(all.find((o) => o['kind'] === 'ConfigMap')!['data']['settings.yaml']);
    const roles = [];
    for (const { spec } of all.filter((o) => ['StatefulSet', 'Deployment'].includes(o['kind'])) as Mapping[]) {
      const { command, env, ports, image, startupProbe, readinessProbe } = spec.template.spec.containers[0];
      expect(programs).toContain(command[0]);
      expect(image).toContain(packages.server.name);
      const environment = Object.fromEntries(env.map((e: Mapping) => [e['name'], String(e['value'] ?? 'postgres://db').replace('$(POD_IP)', '10.0.0.7')]));
      // A name that the program does not know would have no effect: each must change something.
      const settings = await readMasterSettings({}, environment, 'stdout');
      for (const name of Object.keys(environment).filter((n) => n.startsWith('LAVA_'))) {
        const { [name]: _, ...others } = environment;
        expect(await readMasterSettings({}, others, 'stdout'), name).not.toEqual(settings);
      }
      expect(mayHaveOthers(settings.role, { database: 'DATABASE_URL' in environment, storage: true })).toBe(true);
      expect(ports.map((p: Mapping) => p['containerPort'])).toContain(settings.http!.port);
      if (settings.role === 'leader') {
        expect([settings.sockets.log, settings.sockets.control]).toEqual(['tcp://*:5555', 'tcp://*:5556']);
        expect(ports.map((p: Mapping) => p['containerPort'])).toEqual(expect.arrayContaining([5555, 5556]));
        expect(settings.advertise).toBe('http://10.0.0.7:8000');
      }
      expect([startupProbe.httpGet.path, readinessProbe.httpGet.path]).toEqual(['/healthz', '/readyz']);
      roles.push(settings.role);
    }
    expect(roles.sort()).toEqual(['leader', 'web']);
  });
});

const composeProgram = spawnSync('docker-compose', ['--version']).status === 0;

describe.each(['single-server.yaml', 'several-servers.yaml'])('compose: %s', (name) => {
  const read = async () => loadYaml(await readFile(join(packaging, 'compose', name), 'utf8')) as Mapping;

  test('services name what is there, and programs their options', async () => {
    const { services, volumes, secrets } = await read();
    for (const [service, { build, command, volumes: mounts = [], secrets: used = [], depends_on: needs = {} }] of Object.entries(services as Mapping)) {
      for (const mount of mounts as string[]) {
        const [source = ''] = mount.split(':');
        if (source.startsWith('./')) expect(await readFile(join(packaging, 'compose', source), 'utf8'), source).not.toBe('');
        else if (!source.startsWith('/')) expect(volumes, service).toHaveProperty(source);
      }
      for (const secret of used) expect(secrets, service).toHaveProperty(secret);
      for (const other of Array.isArray(needs) ? needs : Object.keys(needs)) expect(services).toHaveProperty(other);
      if (!build) continue;
      expect(Object.values(packages).map((p) => p.name)).toContain(build.args.PACKAGE);
      expect(await readFile(join(packaging, 'compose', build.context, build.dockerfile), 'utf8')).toContain('ARG PACKAGE');
      const words = (command as string[]).flatMap((part) => part.split(/\s+/));
      expect(words.some((word) => programs.has(word)), service).toBe(true);
    }
  });

  test.skipIf(!composeProgram)('docker-compose finds nothing wrong', async () => {
    const out = execFileSync('docker-compose', ['-f', join(packaging, 'compose', name), 'config'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const resolved = loadYaml(out) as Mapping;
    expect(Object.keys(resolved['services']).sort()).toEqual(Object.keys((await read())['services']).sort());
  });
});

test('the settings beside the compose file are taken, and the worker knows all that may lead', async () => {
  await checkSettings(await readFile(join(packaging, 'compose/settings.yaml'), 'utf8'));
  const { services } = loadYaml(await readFile(join(packaging, 'compose/several-servers.yaml'), 'utf8')) as Mapping;
  const leaders = Object.entries(services as Mapping).filter(([, s]) => JSON.stringify(s['command'])?.includes('--role leader')).map(([name]) => name).sort();
  expect(leaders).toEqual(['leader1', 'leader2']);
  const { command } = services['worker'];
  const hosts = (option: string) => command[command.indexOf(option) + 1].split(',').map((url: string) => new URL(url.replace('tcp:', 'http:')).hostname);
  expect(hosts('--master')).toEqual(leaders);
  expect(hosts('--socket-addr')).toEqual(leaders);
  const nginx = await readFile(join(packaging, 'compose/nginx.conf'), 'utf8');
  expect([...nginx.matchAll(/server (\w+):8000/g)].map((m) => m[1])).toEqual(Object.keys(services).filter((name) => name.startsWith('web')));
});
