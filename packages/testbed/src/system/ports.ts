import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A free TCP port of the loopback interface: the wanted one if nobody has it. Others are below those that the system
 * gives to outgoing connections, which could take it before it is used.
 */
export async function freePort(wanted?: number): Promise<number> {
  for (let port = wanted ?? randomPort(); ; port = randomPort()) if (await isFree(port)) return port;
}

const randomPort = () => randomInt(10_240, 32_768);

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
