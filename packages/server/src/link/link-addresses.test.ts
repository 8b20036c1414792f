import { expect, test } from 'vitest';
import { linkAddresses } from './link-addresses.ts';

const sockets = { control: 'tcp://*:15556', log: 'tcp://*:5555' };

test('servers are named by machine or by both addresses', () => {
  expect(linkAddresses({}, sockets)).toEqual([]);
  expect(linkAddresses({ LINK_ADDRESSES: ['leader1.example.com', '[2001:db8::1]', { control: 'tcp://lava.example.com:1', log: 'tcp://lava.example.com:2' }] }, sockets)).toEqual([
    { master: 'tcp://leader1.example.com:15556', logger: 'tcp://leader1.example.com:5555' }, { master: 'tcp://[2001:db8::1]:15556', logger: 'tcp://[2001:db8::1]:5555' },
    { master: 'tcp://lava.example.com:1', logger: 'tcp://lava.example.com:2' },
  ]);
});

test('what is no address is refused, and quoted', () => {
  for (const bad of ['leader1', { a: 1 }, Array.from({ length: 33 }, () => 'a'), [null], [1], [''], ['a b'], ['*'], ['a:5556'], [{ control: 'tcp://a:1' }], [{ control: 'tcp://a:1', log: 'tcp://*:2' }]]) {
    expect(() => linkAddresses({ LINK_ADDRESSES: bad }, sockets)).toThrow(/^LINK_ADDRESSES has /);
  }
});
