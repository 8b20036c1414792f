import { spawn } from 'node:child_process';
import { InfrastructureError, messageOf } from '@lava/base';
import { which } from '../process/which.ts';
import type { Action } from '../pipeline/action.ts';
import { attributesOf, devicesOf, eventOf, type UdevRecord } from './udev-records.ts';

/** Checks that devices can be waited for on this worker. @throws InfrastructureError without `udevadm` */
export function needUdev(): void {
  which('udevadm', 'Install the package udev on the worker.');
}

/** All devices of the worker that udev knows. */
export async function allDevices(a: Action): Promise<UdevRecord[]> {
  const { stdout } = await a.exec(['udevadm', 'info', '--export-db'], { quiet: true, error: 'Infrastructure' });
  return devicesOf(stdout);
}

/**
 * Waits until a device is there for which `fits` says yes: at once if there is one already. Events are listened to before
 * anything else, so that none is missed. It ends with the action.
 */
export async function waitForDevice(a: Action, fits: (device: UdevRecord) => boolean): Promise<UdevRecord> {
  const events = watchEvents(a);
  try {
    await events.ready;
    for (const device of await allDevices(a)) if (fits(device)) return device;
    for (;;) {
      const event = await events.next();
      if (event['ACTION'] !== 'add' && event['ACTION'] !== 'change') continue;
      if (fits(event)) return event;
      // Without a udev daemon (in containers) an event says only what the kernel knows; the rest is asked for.
      const complete = await withAttributes(a, event);
      if (complete && fits(complete)) return complete;
    }
  } finally {
    events.end();
  }
}

/** The names that udev gives to attributes of the kernel. */
const attributeNames: Readonly<Record<string, string>> = { ID_SERIAL_SHORT: 'serial', ID_VENDOR_ID: 'idVendor', ID_MODEL_ID: 'idProduct', ID_PRODUCT: 'product' };

async function withAttributes(a: Action, event: UdevRecord): Promise<UdevRecord | undefined> {
  if (event['ID_VENDOR_ID'] !== undefined || !['usb', 'tty', 'block'].includes(event['SUBSYSTEM'] ?? '')) return undefined;
  const { stdout, status } = await a.exec(['udevadm', 'info', '--attribute-walk', `--path=${event['DEVPATH'] ?? ''}`], { quiet: true, allowFail: true });
  if (status !== 0) return undefined;
  const attributes = attributesOf(stdout);
  const named = Object.entries(attributeNames).flatMap(([name, attribute]) => (attributes[attribute] === undefined ? [] : [[name, attributes[attribute]]]));
  return { ...event, ...Object.fromEntries(named) };
}

export interface UdevEvents {
  /** Resolves when no event can be missed any more. */
  readonly ready: Promise<void>;
  next(): Promise<UdevRecord>;
  end(): void;
}

/** Listens to udev and the kernel, until `end` or the end of the action. */
export function watchEvents(a: Action): UdevEvents {
  const child = spawn('udevadm', ['monitor', '--udev', '--kernel', '--property'], { stdio: ['ignore', 'pipe', 'ignore'], env: a.job.environment });
  const waiting: UdevRecord[] = [];
  let failure: Error | undefined;
  let text = '';
  let listening = false;
  let changed: () => void = () => undefined;
  const fail = (error: Error) => { failure ??= error; changed(); };
  const abort = () => fail(a.signal.reason as Error);
  if (a.signal.aborted) abort();
  a.signal.addEventListener('abort', abort, { once: true });
  child.on('error', (error) => fail(new InfrastructureError(`Cannot listen to udev: ${messageOf(error)}`, { code: 'program-missing' })));
  child.on('exit', () => fail(new InfrastructureError('udevadm ended while a device was waited for', { code: 'udev-ended' })));
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    // Its introduction comes when it listens.
    listening ||= blocks.length > 0;
    for (const block of blocks) {
      const event = eventOf(block);
      if (event) waiting.push(event);
    }
    changed();
  });
  const until = async <T>(value: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = value();
      if (found !== undefined) return found;
      if (failure) throw failure;
      await new Promise<void>((resolve) => { changed = resolve; });
    }
  };
  return {
    ready: until(() => (listening ? true : undefined)).then(() => undefined),
    next: () => until(() => waiting.shift()),
    end: () => {
      a.signal.removeEventListener('abort', abort);
      child.kill('SIGKILL');
    },
  };
}
