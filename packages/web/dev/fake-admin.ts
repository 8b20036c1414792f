import type { ConfigurationVersion, DeviceType, Grant, Group, GroupShare, LabPlan, Token, User } from '../src/api/types.ts';
import type { Lab } from './lab.ts';

/** What the made-up lab answers about texts of configuration and about people; undefined: that is for somebody else. */
export interface FakeAdmin { answer(method: string, path: string, body: Record<string, string>): { status: number; body: unknown } | undefined }

const ok = (body: unknown, status = 200) => ({ status, body });
const ago = (hours: number) => new Date(Date.now() - hours * 3600_000).toISOString();

export function fakeAdmin(lab: Lab): FakeAdmin {
  const texts = new Map<string, ConfigurationVersion[]>([
    ['dictionary/rpi4-03', [
      { id: 3, at: ago(5), actor: 'ann', text: "{% extends 'rpi4.jinja2' %}\n{# shelf 2, port 7 #}\n{% set connection_command = 'telnet ser2 7007' %}\n{% set hard_reset_command = ['pdu --port 7 off', 'sleep 2', 'pdu --port 7 on'] %}\n{% set power_off_command = 'pdu --port 7 off' %}\n" },
      { id: 2, at: ago(50), actor: 'ben', text: "{% extends 'rpi4.jinja2' %}\n{% set connection_command = 'telnet ser1 7007' %}\n{% set power_off_command = 'pdu --port 7 off' %}\n" },
      { id: 1, at: ago(400), actor: 'ann', text: "{% extends 'rpi4.jinja2' %}\n" },
    ]],
    ['health-check/rpi4', [{ id: 4, at: ago(900), actor: 'ann', text: 'job_name: health check of a Pi\ntimeouts:\n  job: {minutes: 10}\nvisibility: public\nactions:\n- deploy:\n    to: tftp\n' }]],
  ]);
  const users: User[] = [
    { id: 1, username: 'ann', email: 'ann@example.com', is_active: true, is_staff: true, is_superuser: true, groups: ['kernel'], last_login: ago(1) },
    { id: 2, username: 'ben', email: '', is_active: true, is_staff: false, is_superuser: false, groups: ['kernel', 'android'], last_login: ago(30) },
    { id: 3, username: 'ci-kernel', email: '', is_active: true, is_staff: false, is_superuser: false, groups: [], last_login: null },
  ];
  const groups: Group[] = [{ id: 1, name: 'android' }, { id: 2, name: 'kernel' }];
  const grants: (Grant & { of: string })[] = [{ id: 1, permission: 'submit_to_device', group: 'kernel', of: 'rpi4-03' }, { id: 2, permission: 'view_devicetype', group: 'android', of: 'pixel-6' }];
  const shares: GroupShare[] = [{ group: 'kernel', weight: 2, quota: 12, queue_limit: null }];
  const tokens: Token[] = [
    { id: 1, username: 'ann', description: 'laptop', created_at: ago(900), expires_at: null, last_used_at: ago(2) },
    { id: 2, username: 'ci-kernel', description: 'kernelci bridge', created_at: ago(90), expires_at: ago(-900), last_used_at: null },
  ];
  let next = 100;

  const configuration = (method: string, [kind = '', name = '', what]: string[], body: Record<string, string>) => {
    const key = `${kind}/${name}`;
    const versions = texts.get(key) ?? [];
    const inFile = name === 'qemu01';
    const now = versions[0]?.text ?? (kind === 'template' ? `{% extends 'base-uboot.jinja2' %}\n{% set bootm_kernel_addr = '0x00080000' %}\n` : inFile ? "{% extends 'qemu.jinja2' %}\n{% set memory = 512 %}\n" : null);
    if (what === 'versions') return ok({ versions });
    if (what === 'check') return ok({ valid: true, problems: dictionaryProblems(body.text ?? '') });
    if (method === 'POST') { texts.set(key, [{ id: next++, at: ago(0), actor: 'ann', text: body.text === '' ? null : body.text ?? null }, ...versions]); return ok(undefined, 204); }
    const folder = { dictionary: 'devices', template: 'device-types', 'health-check': 'health-checks' }[kind] ?? 'dispatcher.d';
    return ok({ kind, name, text: now, place: now === null ? null : inFile ? 'file' : versions.length > 0 ? 'database' : kind === 'template' ? 'shipped' : 'database', path: `/etc/lava-server/dispatcher-config/${folder}/${name}.jinja2`, can_change: !inFile });
  };

  const deviceType = (name: string) => {
    const of = lab.devices.filter((d) => d.device_type === name);
    if (of.length === 0) return { status: 404, body: { error: { code: 'not-found', message: `Device type ${name} does not exist or is not visible to you.` } } };
    const sum = (key: 'state' | 'health') => Object.fromEntries([...new Set(of.map((d) => d[key]))].map((word) => [word, of.filter((d) => d[key] === word).length]));
    const queued = [...lab.jobs.values()].filter((e) => e.job.state === 'Submitted' && e.job.device_type === name).length;
    const type: DeviceType = {
      name, display: true, devices: of.length, idle: of.filter((d) => d.state === 'Idle').length, busy: of.filter((d) => d.state !== 'Idle').length, queued, description: '', aliases: name === 'rpi4' ? ['bcm2711-rpi-4-b'] : [],
      health_check: { enabled: true, every: 24, unit: 'hours' }, states: sum('state'), healths: sum('health'),
    };
    return ok(type);
  };

  return {
    answer(method, path, body) {
      const [first = '', second = '', third = ''] = path.split('/').filter((p) => p !== '');
      if (first === 'configuration') return configuration(method, path.split('/').slice(1), body);
      if (first === 'device-types' && second !== '') return deviceType(second);
      if (first === 'shares') {
        const group = decodeURIComponent(second);
        if (method !== 'GET') shares.splice(0, shares.length, ...shares.filter((s) => s.group !== group));
        if (method === 'PUT') shares.push({ group, ...body } as unknown as GroupShare);
        return method === 'GET' ? ok({ shares }) : ok(undefined, 204);
      }
      if (first === 'tokens') {
        if (method === 'DELETE') { tokens.splice(tokens.findIndex((t) => t.id === Number(second)), 1); return ok(undefined, 204); }
        if (method === 'POST') { tokens.push({ id: next++, username: 'ann', description: body.description ?? '', created_at: ago(0), expires_at: null, last_used_at: null }); return ok({ token: 'x'.repeat(128) }, 201); }
        return ok({ tokens });
      }
      if (first === 'lab' && second === 'plan') return ok({ revision: 'r', problems: [], plan: [{ kind: 'devices', name: 'rpi4-05', named: true, action: 'create', fields: [] }, { kind: 'devices', name: 'rpi4-01', named: true, action: 'change', fields: [{ field: 'worker', before: 'worker02', after: 'worker01' }] }] } satisfies LabPlan);
      if (first !== 'v0.2') return undefined;
      if (second === 'users') return ok({ results: users });
      if (second === 'groups') { if (method === 'POST') groups.push({ id: next++, name: body.name ?? '' }); return ok({ results: groups }); }
      if (second === 'permissions') {
        if (method === 'POST') grants.push({ id: next++, permission: body.permission ?? '', group: body.group ?? '', of: body.device ?? body.devicetype ?? '' });
        const kind = third === 'devices' ? 'device' : 'devicetype';
        return ok({ results: grants.filter((g) => g.permission.endsWith(`_${kind}`) && g.of === body[kind]) });
      }
      return undefined;
    },
  };
}

/** Enough of a check to show a problem at its place. */
function dictionaryProblems(text: string) {
  return text.split('\n').flatMap((line, i) => (/\{% set \w+ = %\}/u.test(line)
    ? [{ severity: 'error', code: 'template-syntax', message: 'A value is missing.', hint: "Write one between \"=\" and \"%}\".", path: [], line: i + 1, column: line.indexOf('%}') + 1 }] : []));
}
