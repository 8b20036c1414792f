import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ConfigurationError } from '@lava/base';
import { DeliveryError } from './failure.ts';

/**
 * Networks that are not the open Internet: this machine, the lab's own networks, the metadata of clouds, addresses that
 * carry others inside. Users name receivers, and the server must not knock there in their name.
 */
const closed = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16',
  '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
  '::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/32', '2001:db8::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8',
];

/** Says to which addresses the server may connect because a user wrote so. The answer is about addresses, after DNS. */
export interface NetworkGuard {
  /** Throws DeliveryError for an address that may not be used; a name passes, `lookup` decides on it. */
  check(host: string): void;
  /** For `net` and `http`: resolves a name and refuses it when one of its addresses may not be used. */
  readonly lookup: LookupFunction;
}

/** @param allowed networks that may be used although they are closed: `10.0.0.0/8`. Throws ConfigurationError */
export function networkGuard(allowed: readonly string[]): NetworkGuard {
  const [no, yes] = [blockList(closed), blockList(allowed)];
  const refuse = (host: string, address: string) => {
    const { bare, family } = plain(address);
    if (!no.check(bare, family) || yes.check(bare, family)) return;
    throw new DeliveryError(`${host} is at ${bare}, in a network that receivers may not be in; an admin allows it with NOTIFY_ALLOWED_NETWORKS`, { final: true });
  };
  return {
    check(host) { if (isIP(host.replace(/%.*/, '')) !== 0) refuse(host, host); },
    lookup(host, options, callback) {
      resolve(host, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, '');
        try {
          for (const { address } of addresses) refuse(host, address);
        } catch (refused) {
          return callback(refused as Error, '');
        }
        if (options.all) callback(null, addresses);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      });
    },
  };
}

/** An address without zone; an IPv4 address that is written as IPv6 is what it stands for. */
function plain(address: string): { bare: string; family: 'ipv4' | 'ipv6' } {
  const bare = address.replace(/%.*/, '');
  if (isIP(bare) === 4) return { bare, family: 'ipv4' };
  // As URLs write it, the last 32 bits are two groups of hexadecimal digits.
  const short = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (!mapped) return { bare: short, family: 'ipv6' };
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return { bare: [high >> 8, high & 255, low >> 8, low & 255].join('.'), family: 'ipv4' };
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    if (family === 0 || Number(bits ?? most) > most) throw new ConfigurationError(`"${network}" in NOTIFY_ALLOWED_NETWORKS is no network`, { code: 'settings-file', hint: 'Write networks as 10.0.0.0/8 or fd00::/8.' });
    list.addSubnet(address, Number(bits ?? most), family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
