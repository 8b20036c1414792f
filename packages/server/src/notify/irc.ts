import { createInterface } from 'node:readline';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '@lava/base';
import { DeliveryError } from './failure.ts';
import type { NetworkGuard } from './network-guard.ts';
import type { IrcSettings } from './settings.ts';

/** RFC 2812: a line has at most 512 bytes, with the sender's name that the server puts before it. */
const mostBytes = 400;
const pingToken = 'lava-delivered';
/** Replies that refuse a message: no such nick or channel, cannot send to it, and the like. */
const refusals = new Set(['401', '402', '403', '404', '405', '411', '412', '413', '471', '473', '474', '475', '477']);

/**
 * Tells one line to a nick or a channel: connects, says it, waits until the server has worked on it, leaves.
 * Throws DeliveryError when the server did not take it.
 */
export async function sendIrc(settings: IrcSettings, message: { nick: string; server: string; text: string }, guard: NetworkGuard, signal: AbortSignal): Promise<void> {
  const { nick: to, server } = message;
  if (server === '') throw new DeliveryError(`no IRC server is known for ${to}`, { final: true });
  if (!/^[^\s,:\0]{1,64}$/.test(to)) throw new DeliveryError('the IRC handle is none', { final: true });
  guard.check(server);
  const options = { host: server, port: settings.port, lookup: guard.lookup };
  const socket: Socket = settings.tls ? connectTls({ ...options, servername: server }) : connectTcp(options);
  const stop = () => { socket.destroy(new Error('no answer in time')); };
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    await converse(socket, settings.nick, to, oneLine(message.text));
  } catch (error) {
    throw error instanceof DeliveryError ? error : new DeliveryError(`${server}: ${messageOf(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function converse(socket: Socket, nick: string, to: string, text: string): Promise<void> {
  const say = (line: string) => { socket.write(`${line}\r\n`); };
  const failed = new Promise<never>((_, reject) => { socket.once('error', reject); });
  failed.catch(() => {});
  const talk = async () => {
    say(`NICK ${nick}`);
    say(`USER ${nick} 0 * :LAVA`);
    let tries = 0;
    for await (const raw of createInterface({ input: socket, crlfDelay: Infinity })) {
      const { command, params } = parse(raw);
      if (command === 'PING') say(`PONG :${params.at(-1) ?? ''}`);
      // Somebody has the name: the connection before this one, perhaps.
      else if (command === '433' && tries < 5) say(`NICK ${nick}${++tries}`);
      else if (command === '432' || command === '433' || command === '465') throw new DeliveryError(`the IRC server does not take the nick ${nick}: ${params.at(-1) ?? ''}`);
      else if (command === '001') {
        if (/^[#&+!]/.test(to)) say(`JOIN ${to}`);
        say(`PRIVMSG ${to} :${text}`);
        // It answers in order: an answer to this says that it has seen the message.
        say(`PING :${pingToken}`);
      } else if (refusals.has(command)) throw new DeliveryError(`the IRC server did not tell ${to}: ${params.at(-1) ?? command}`);
      else if (command === 'PONG' && params.at(-1) === pingToken) {
        say('QUIT :done');
        return;
      } else if (command === 'ERROR') throw new DeliveryError(`the IRC server ended the connection: ${params.at(-1) ?? ''}`);
    }
    throw new DeliveryError('the IRC server ended the connection');
  };
  await Promise.race([talk(), failed]);
}

/** `:prefix COMMAND a b :the rest`. */
function parse(raw: string): { command: string; params: string[] } {
  const line = raw.replace(/^:\S* +/, '');
  const colon = line.indexOf(' :');
  const [command = '', ...params] = (colon < 0 ? line : line.slice(0, colon)).trim().split(/ +/);
  return { command: command.toUpperCase(), params: colon < 0 ? params : [...params, line.slice(colon + 2)] };
}

/** Text of a job as one line: what would end it or steer a client becomes a blank. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const clean = text.toWellFormed().replace(/[\u0000-\u001f\u007f]+/g, ' ');
  let cut = clean;
  while (Buffer.byteLength(cut) > mostBytes) cut = cut.slice(0, -1).toWellFormed().replace(/\ufffd$/, '');
  return cut;
}
