import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { promisify } from 'node:util';
import { ConnectionClosedError, InfrastructureError, messageOf } from '@lava/base';
import type { Action } from '../pipeline/action.ts';
import type { LineSettings } from './address.ts';
import { serialClosed, systemTrouble } from './connection-trouble.ts';
import { Console } from '../console/console.ts';
import { readSize } from './read-size.ts';

/**
 * Opens a serial device of the worker as the connection of an action's namespace; without settings its speed stays.
 * @throws ConnectionClosedError when it cannot be opened; its code and hint say why
 */
export async function connectSerial(a: Action, path: string, line: LineSettings | undefined, tags: readonly string[]): Promise<Console> {
  let descriptor: number | undefined;
  try {
    // Not blocking: a device that waits for a modem's carrier would never open.
    descriptor = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    await promisify(execFile)('stty', ['-F', path, 'raw', '-echo', 'clocal', '-hupcl', ...(line ? settings(line) : [])], { signal: a.signal });
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    if (a.signal.aborted) throw a.signal.reason;
    a.log.error(`Cannot open ${path}: ${messageOf(error)}`);
    if (descriptor !== undefined) throw new InfrastructureError(`Cannot set the serial line ${path}`, { code: 'serial-settings', hint: 'It must be a serial device that can run at this speed.', cause: error });
    throw new ConnectionClosedError('Connection closed', { ...systemTrouble(error as NodeJS.ErrnoException) ?? serialClosed, cause: error });
  }
  const input = new ReadStream(descriptor);
  const output = new WriteStream(openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  const console = new Console(a.job.consoles, { namespace: a.namespace, tags, readSize: readSize(a) });
  input.on('data', (bytes: Buffer) => console.receive(bytes));
  const gone = (error?: Error) => {
    console.ended(() => ({ report: `The serial line ${path} is gone${error ? `: ${error.message}` : ''}.`, ...serialClosed }));
    input.destroy();
    output.destroy();
  };
  for (const event of ['error', 'end', 'close']) input.on(event, gone);
  output.on('error', gone);
  console.attach({
    write: (text) => new Promise((resolve) => { if (output.writable) output.write(text, () => resolve()); else resolve(); }),
    pause: () => { input.pause(); },
    resume: () => { input.resume(); },
    end: async () => { input.destroy(); output.destroy(); },
  });
  return console;
}

const settings = ({ baud, dataBits, parity, stopBits }: LineSettings): string[] => [
  String(baud), `cs${dataBits}`, stopBits === 2 ? 'cstopb' : '-cstopb', ...(parity === 'none' ? ['-parenb'] : ['parenb', parity === 'odd' ? 'parodd' : '-parodd']),
];
