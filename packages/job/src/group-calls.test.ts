import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { answerTo, callKey, GroupMembers, readGroupRequest, type GroupAnswer, type GroupCall, type GroupRequest } from './group-calls.ts';

/** A group in one list, as a server keeps it. */
class Group {
  readonly calls: GroupCall[] = [];

  constructor(roles: Readonly<Record<string, string>>) {
    for (const [member, role] of Object.entries(roles)) this.say(member, { request: 'group_data', role, group_size: Object.keys(roles).length });
  }

  say(member: string, request: GroupRequest): GroupCall {
    const call = { member, call: this.calls.filter((c) => c.member === member).length, request };
    this.calls.push(call);
    return call;
  }

  answer(call: GroupCall): GroupAnswer | undefined {
    const members = new GroupMembers(this.calls.filter((c) => c.request.request === 'group_data'));
    return answerTo(call, members, this.calls.filter((c) => callKey(c.request) === callKey(call.request)));
  }
}

const send = (messageID: string, message = {}): GroupRequest => ({ request: 'lava_send', messageID, message });
const wait = (messageID: string): GroupRequest => ({ request: 'lava_wait', messageID });
const waitAll = (messageID: string, waitrole?: string): GroupRequest => ({ request: 'lava_wait_all', messageID, ...(waitrole !== undefined && { waitrole }) });
const sync = (messageID: string): GroupRequest => ({ request: 'lava_sync', messageID });
const three = { 1: 'server', 2: 'client', 3: 'client' };

test('a group is there when all its members are', () => {
  const group = new Group({});
  const first = group.say('1', { request: 'group_data', role: 'server', group_size: 2 });
  expect(group.answer(first)).toBeUndefined();
  group.say('1', { request: 'group_data', role: 'server', group_size: 2 });
  expect(group.answer(first)).toBeUndefined();
  const second = group.say('2', { request: 'group_data', role: 'client', group_size: 2 });
  const everyone = { response: 'group_data', roles: { 1: 'server', 2: 'client' } };
  expect([group.answer(first), group.answer(second)]).toEqual([everyone, everyone]);
});

test('all members get the same key, which is that of none of them alone until all are there', () => {
  const group = new Group({});
  const seed = (digit: string) => digit.repeat(64);
  const data = (digit: string): GroupRequest => ({ request: 'group_data', role: 'peer', group_size: 2, seed: seed(digit) });
  group.say('11', data('b'));
  const first = group.say('11', { request: 'group_key' });
  expect(group.answer(first)).toBeUndefined();
  group.say('9', data('a'));
  const second = group.say('9', { request: 'group_key' });
  expect([group.answer(first), group.answer(second)]).toEqual([seed('a'), seed('a')].map((s) => ({ response: 'group_key', seed: s })));
  // Members of older workers bring none.
  const older = new Group({ 1: 'peer' });
  expect(older.answer(older.say('1', { request: 'group_key' }))).toEqual({ response: 'nack' });
  expect(readGroupRequest({ request: 'group_data', role: 'peer', group_size: 2, seed: 'short' })).toBe('group_data with a seed that is not 64 hexadecimal digits');
});

describe('waits', () => {
  test('lava-wait ends with the first message, also an own one, and shows the latest of each sender', () => {
    const group = new Group(three);
    const waiting = group.say('1', wait('ip'));
    expect(group.answer(waiting)).toBeUndefined();
    group.say('3', send('other'));
    expect(group.answer(waiting)).toBeUndefined();
    group.say('3', send('ip', { addr: 'a' }));
    group.say('1', send('ip', { addr: 'b' }));
    group.say('3', send('ip', { addr: 'c' }));
    expect(group.answer(waiting)).toEqual({ response: 'ack', message: [{ sender: '3', data: { addr: 'c' } }, { sender: '1', data: { addr: 'b' } }] });
  });

  test('lava-wait-all waits for every member, the waiter included', () => {
    const group = new Group(three);
    group.say('1', send('up'));
    const waiting = group.say('1', waitAll('up'));
    group.say('2', send('up'));
    expect(group.answer(waiting)).toBeUndefined();
    group.say('3', send('up'));
    expect(group.answer(waiting)).toMatchObject({ response: 'ack', message: [{ sender: '1' }, { sender: '2' }, { sender: '3' }] });
  });

  test('before anybody has sent, lava-wait-all is told that at once', () => {
    const group = new Group(three);
    expect(group.answer(group.say('1', waitAll('up')))).toEqual({ response: 'nack' });
  });

  test('of a role: all of that role, whoever waits; a role that nobody has is told at once', () => {
    const group = new Group(three);
    const waiting = group.say('1', waitAll('up', 'client'));
    group.say('2', send('up'));
    expect(group.answer(waiting)).toBeUndefined();
    group.say('3', send('up'));
    expect(group.answer(waiting)).toMatchObject({ response: 'ack' });
    expect(group.answer(group.say('1', waitAll('up', 'router')))).toEqual({ response: 'nack' });
  });
});

test('an id of lava-sync can be used again: every round waits for all', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom('1', '2', '3'), { maxLength: 40 }), (order) => {
    const group = new Group(three);
    const rounds = new Map([['1', 0], ['2', 0], ['3', 0]]);
    const asked: { call: GroupCall; round: number }[] = [];
    for (const member of order) {
      const round = rounds.get(member)! + 1;
      rounds.set(member, round);
      asked.push({ call: group.say(member, sync('step')), round });
      const reached = Math.min(...rounds.values());
      for (const { call, round: own } of asked) expect(group.answer(call) !== undefined).toBe(own <= reached);
    }
  }));
});

test('requests are read, and what is wrong with them is said', () => {
  expect(readGroupRequest({ request: 'lava_send', messageID: 'a', message: null, host: 'x' })).toEqual({ request: 'lava_send', messageID: 'a', message: {} });
  expect(readGroupRequest({ request: 'lava_wait_all', messageID: 'a', waitrole: 'r' })).toEqual({ request: 'lava_wait_all', messageID: 'a', waitrole: 'r' });
  expect(readGroupRequest({ request: 'group_data', role: 'r', group_size: 2 })).toEqual({ request: 'group_data', role: 'r', group_size: 2 });
  expect(readGroupRequest({ request: 'group_data', role: 'r' })).toBe('group_data without a group_size');
  expect(readGroupRequest({ request: 'lava_wait' })).toBe('Missing messageID');
  expect(readGroupRequest({ request: 'dance' })).toBe('Unsupported api call: dance');
  expect(readGroupRequest({ request: 'lava_send', messageID: 'a', message: { k: 'x'.repeat(70_000) } })).toBe('Message was too long to send!');
  expect(readGroupRequest(null)).toBe('a request must be a mapping');
});
