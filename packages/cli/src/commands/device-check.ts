import { ConfigurationError, LavaError, messageOf } from '@lava/base';
import { exitStatus } from '../exit.ts';
import { style } from '../print/style.ts';
import { print } from './context.ts';
import { readDevice, type DeviceFileOptions } from './device-file.ts';
import { readText } from './read-file.ts';

/** `lava device check DICTIONARY…`: renders them here, without a server, and says where what is wrong. */
export async function checkDevices(files: readonly string[], options: DeviceFileOptions): Promise<number> {
  const checked: { file: string; error?: LavaError; source?: string }[] = [];
  for (const file of files) {
    const error = await readDevice(file, options).then(() => undefined, (reason: unknown) => {
      if (reason instanceof ConfigurationError) return reason;
      throw reason;
    });
    checked.push({ file, error, source: error?.at && (await readText(file)) });
  }
  const rows = checked.map(({ file, error }) => ({ file, valid: error === undefined, ...(error && { message: messageOf(error), code: error.code, hint: error.hint, at: error.at }) }));
  print(options, rows, () => checked.map(({ file, error, source }) => (error ? problem(file, error, source) : `${file}: valid\n`)).join(''));
  return checked.every(({ error }) => error === undefined) ? exitStatus.ok : exitStatus.failed;
}

function problem(file: string, { message, hint, code, at }: LavaError, source = ''): string {
  // The place is in the dictionary, or in a template that it extends.
  const own = at?.file !== undefined && file.endsWith(at.file);
  const place = at ? `${own ? file : at.file ?? file}:${at.line}:${at.column}` : file;
  const line = own ? source.split('\n')[at.line - 1] : undefined;
  const caret = line === undefined || message.includes('^') ? '' : `    ${line.slice(0, 160)}\n    ${' '.repeat((at?.column ?? 1) - 1)}${style('red', '^')}\n`;
  return `${style('bold', place)}: ${style('red', 'error')}: ${message} [${code}]\n${caret}${hint ? `    ${hint}\n` : ''}`;
}
