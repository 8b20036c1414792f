import { describe, expect, test } from 'vitest';
import { fullPermission, globalPermissions, holds, knownPermission, may, permissionsOf, type Guarded, type Verb } from './permissions.ts';
import type { User } from './users.ts';

const person = (more: Partial<User> = {}): User => ({ id: 1, username: 'ada', isActive: true, isStaff: false, isSuperuser: false, groups: [], permissions: [], ...more });
const member = person({ groups: [7] });
const other = person({ groups: [8] });
const grant = (permission: string) => ({ group: 7, permission });
const type = (...grants: string[]): Guarded => ({ kind: 'devicetype', grants: grants.map(grant) });
const device = (of: Guarded, ...grants: string[]): Guarded => ({ kind: 'device', grants: grants.map(grant), type: of });
const verbs: readonly Verb[] = ['view', 'submit', 'change'];
const allowed = (user: User | null, object: Guarded) => verbs.filter((verb) => may(user, verb, object));

describe('who may do what', () => {
  test.each<[string, Guarded, { nobody: Verb[]; member: Verb[]; other: Verb[] }]>([
    ['nothing is restricted', device(type()), { nobody: ['view'], member: ['view', 'submit'], other: ['view', 'submit'] }],
    ['the type is seen by a group: submitting stays open', type('view_devicetype'), { nobody: [], member: ['view', 'submit'], other: ['submit'] }],
    ['the type takes jobs of a group: seeing it stays open', type('submit_to_devicetype'), { nobody: ['view'], member: ['view', 'submit'], other: ['view'] }],
    ['a group changes the type: so it sees it and submits', type('change_devicetype', 'view_devicetype', 'submit_to_devicetype'), { nobody: [], member: verbs.slice(), other: [] }],
    ['a device follows its type', device(type('view_devicetype', 'submit_to_devicetype')), { nobody: [], member: ['view', 'submit'], other: [] }],
    ['who changes a type changes its devices', device(type('change_devicetype')), { nobody: ['view'], member: verbs.slice(), other: ['view', 'submit'] }],
    ['a device with rules of its own is not ruled by its type', device(type('change_devicetype'), 'view_device'), { nobody: [], member: verbs.slice(), other: ['submit'] }],
    ['the stronger permission alone restricts nobody of the weaker ones', device(type(), 'change_device'), { nobody: ['view'], member: verbs.slice(), other: ['view', 'submit'] }],
    ['a worker', { kind: 'worker', grants: [grant('view_worker')] }, { nobody: [], member: ['view', 'submit'], other: ['submit'] }],
  ])('%s', (_, object, expected) => {
    expect({ nobody: allowed(null, object), member: allowed(member, object), other: allowed(other, object) }).toEqual(expected);
    expect(allowed(person({ isSuperuser: true }), object)).toEqual(verbs);
    expect(allowed(person({ username: 'lava-health' }), object)).toEqual(verbs);
  });

  test('permissions for everything stand above those for one object', () => {
    const closed = device(type('view_devicetype', 'submit_to_devicetype'), 'view_device', 'submit_to_device');
    expect(allowed(person({ permissions: ['lava_scheduler_app.view_device'] }), closed)).toEqual(['view']);
    expect(allowed(person({ permissions: ['lava_scheduler_app.submit_to_device'] }), closed)).toEqual(['view', 'submit']);
    expect(allowed(person({ permissions: ['lava_scheduler_app.change_device'] }), closed)).toEqual(verbs);
    expect(allowed(person({ permissions: ['lava_scheduler_app.add_device', 'lava_scheduler_app.change_worker'] }), closed)).toEqual([]);
    expect([holds(null, 'auth.add_user'), holds(member, 'auth.add_user'), holds(person({ isSuperuser: true }), 'auth.add_user')]).toEqual([false, false, true]);
  });
});

test('the names are those that clients of LAVA know', () => {
  expect(permissionsOf('device')).toEqual(['view_device', 'submit_to_device', 'change_device']);
  expect(permissionsOf('devicetype')).toEqual(['view_devicetype', 'submit_to_devicetype', 'change_devicetype']);
  expect(permissionsOf('worker')).toEqual(['view_worker', 'change_worker']);
  expect(globalPermissions).toEqual(expect.arrayContaining(['lava_scheduler_app.device.add_device', 'lava_scheduler_app.device.submit_to_device', 'lava_scheduler_app.testjob.change_testjob', 'auth.user.view_user']));
  expect(globalPermissions).not.toContain('lava_scheduler_app.testjob.view_testjob');
  for (const name of ['lava_scheduler_app.add_device', 'lava_scheduler_app.device.add_device']) expect(knownPermission(name)).toBe('lava_scheduler_app.add_device');
  expect(knownPermission('lava_scheduler_app.fly_device')).toBeUndefined();
  expect(fullPermission('auth.change_group')).toBe('auth.group.change_group');
});
