import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** IPv4 address of the interface of the default route; without one the first that is not loopback, else 127.0.0.1. */
export function dispatcherIp(): string {
  const interfaces = networkInterfaces();
  const ipv4 = (name: string) => interfaces[name]?.find((i) => i.family === 'IPv4' && !i.internal)?.address;
  const viaDefault = defaultRouteInterface();
  const address = viaDefault === undefined ? undefined : ipv4(viaDefault);
  return address ?? Object.keys(interfaces).map(ipv4).find((found) => found !== undefined) ?? '127.0.0.1';
}

function defaultRouteInterface(): string | undefined {
  try {
    const routes = readFileSync('/proc/net/route', 'latin1').trim().split('\n').slice(1).map((line) => line.split('\t'));
    return routes.find(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')?.[0];
  } catch {
    return undefined;
  }
}
