import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { ConnectionClosedError, messageOf } from '@lava/base';
import type { Action } from '../pipeline/action.ts';
import type { Address, LineSettings } from './address.ts';
import { comPortOption, confirmedBaud, lineRequests } from './com-port.ts';
import { serialClosed, spokenTrouble, systemTrouble } from './connection-trouble.ts';
import { Console } from '../console/console.ts';
import { readSize } from './read-size.ts';
import { TelnetCodec } from './telnet-codec.ts';

type TcpAddress = Extract<Address, { host: string }>;

/** Milliseconds after which the system asks a silent server whether it is still there. */
const keepAliveMs = 30_000;
/** Milliseconds that a polite end of the connection may take. */
const closingMs = 500;

/**
 * Connects to a serial port of the network as the connection of an action's namespace: bytes as they are (`tcp`), Telnet,
 * or Telnet that also sets the port's speed (RFC 2217). What the program `telnet` would say goes to the log where it is asked for.
 * @throws ConnectionClosedError when it cannot be made; its code and hint say why
 */
export async function connectTcp(a: Action, address: TcpAddress, tags: readonly string[]): Promise<Console> {
  const { host, port, asProgram } = address;
  const say = (line: string) => { if (asProgram) a.log.target(line); };
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
  socket.on('lookup', (_error, ip) => { if (ip) say(`Trying ${ip}...`); });
  if (/^[\d.]+$|:/.test(host)) say(`Trying ${host}...`);
  try {
    await once(socket, 'connect', { signal: a.signal });
  } catch (error) {
    socket.destroy();
    if (a.signal.aborted) throw a.signal.reason;
    say(`telnet: Unable to connect to remote host: ${reasonOf(error)}`);
    a.log.error(`Cannot connect to ${host} port ${port}: ${reasonOf(error)}`);
    throw new ConnectionClosedError('Connection closed', { ...systemTrouble(error as NodeJS.ErrnoException) ?? serialClosed, cause: error });
  }
  say(`Connected to ${host}.`);
  say("Escape character is '^]'.");

  const console = new Console(a.job.consoles, { namespace: a.namespace, tags, readSize: readSize(a) });
  const codec = address.kind === 'tcp' ? undefined : telnet(a, socket, address.line);
  socket.on('data', (bytes) => console.receive(codec?.decode(bytes) ?? bytes));
  let broken: Error | undefined;
  socket.on('error', (error) => { broken = error; });
  socket.on('close', () => {
    console.ended((output) => {
      say('Connection closed by foreign host.');
      const how = broken ? `broke: ${reasonOf(broken)}` : 'was closed by the other side';
      return { report: `The connection to ${host} port ${port} ${how}.`, ...spokenTrouble(output) ?? serialClosed };
    });
  });
  console.attach({
    write: (text) => new Promise((resolve) => { if (socket.writable) socket.write(codec?.encode(text) ?? text, () => resolve()); else resolve(); }),
    pause: () => { socket.pause(); },
    resume: () => { socket.resume(); },
    end: () => hangUp(socket),
  });
  return console;
}

function telnet(a: Action, socket: Socket, line: LineSettings | undefined): TelnetCodec {
  const refused = () => a.log.warning('The serial server does not know RFC 2217: the speed of the line stays as the server has it');
  const codec = new TelnetCodec({
    reply: (bytes) => { if (socket.writable) socket.write(bytes); },
    ...(line && {
      perform: [comPortOption],
      answered: (_option: number, yes: boolean) => { if (yes) for (const request of lineRequests(line)) codec.sendSub(comPortOption, request); else refused(); },
      sub: (option: number, bytes: readonly number[]) => {
        const baud = option === comPortOption ? confirmedBaud(bytes) : undefined;
        if (baud !== undefined && baud !== line.baud) a.log.warning(`The serial server runs the line at ${baud} baud, not at ${line.baud}`);
      },
    }),
  });
  codec.offer();
  return codec;
}

async function hangUp(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const closed = once(socket, 'close').catch(() => undefined);
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), closingMs);
  await closed;
  clearTimeout(timer);
}

/** The system's words for an error, as programs print them. */
function reasonOf(error: unknown): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'Connection refused', ETIMEDOUT: 'Connection timed out', EHOSTUNREACH: 'No route to host', ENETUNREACH: 'Network is unreachable',
    ECONNRESET: 'Connection reset by peer', ENOTFOUND: 'Name or service not known', EAI_AGAIN: 'Temporary failure in name resolution', EPIPE: 'Broken pipe',
  };
  return words[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
}
