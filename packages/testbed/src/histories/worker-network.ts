import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args);

/**
 * The network of one worker: a network namespace with two cables to this machine, one to the server and one to the
 * boards. The first can be pulled: packets vanish then, and nobody is told. Addresses are of 198.18.0.0/15, which is for tests.
 */
export class WorkerNetwork {
  readonly #name: string;
  readonly server: string;
  readonly boards: string;

  private constructor(name: string, server: string, boards: string) {
    this.#name = name;
    this.server = server;
    this.boards = boards;
  }

  /** Undefined where no network namespace can be made (it takes root and `ip`): then the worker is on the loopback interface. */
  static async make(): Promise<WorkerNetwork | undefined> {
    const [n, m] = [randomInt(0, 32_768), randomInt(0, 32_768)];
    const address = (net: number, host: number) => `198.${18 + (net >> 14)}.${(net >> 6) & 255}.${((net & 63) << 2) + host}`;
    // As many letters as the name of a cable has room for: two systems must not get the same.
    const name = `lavatest${randomInt(0, 36 ** 6).toString(36)}`;
    const network = new WorkerNetwork(name, address(n, 1), address(m, 1));
    // One that is there is another system's, and is not removed below.
    if (!await ip('netns', 'add', name).then(() => true, () => false)) return undefined;
    try {
      await ip('-n', name, 'link', 'set', 'lo', 'up');
      for (const [end, net] of [['s', n], ['b', m]] as const) {
        await ip('link', 'add', `${name}${end}`, 'type', 'veth', 'peer', 'name', `${end}0`, 'netns', name);
        await ip('address', 'add', `${address(net, 1)}/30`, 'dev', `${name}${end}`);
        await ip('-n', name, 'address', 'add', `${address(net, 2)}/30`, 'dev', `${end}0`);
        await ip('link', 'set', `${name}${end}`, 'up');
        await ip('-n', name, 'link', 'set', `${end}0`, 'up');
      }
      return network;
    } catch {
      await network.remove();
      return undefined;
    }
  }

  /** Words before a command line that let it run in this network. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#name}`, '--'];
  }

  async pull(): Promise<void> {
    await ip('link', 'set', `${this.#name}s`, 'down');
  }

  async plug(): Promise<void> {
    await ip('link', 'set', `${this.#name}s`, 'up');
  }

  /** Takes it away, with its cables. */
  async remove(): Promise<void> {
    await ip('netns', 'delete', this.#name).catch(() => undefined);
  }
}
