import { ConfigurationError } from '@lava/base';
import { shellSplit } from '../text/shell-split.ts';

/** How a serial line is set: `115200n8` is 115,200 baud, no parity, 8 data bits, 1 stop bit. */
export interface LineSettings {
  readonly baud: number;
  readonly parity: 'none' | 'odd' | 'even';
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly stopBits: 1 | 2;
}

/** What a connect command stands for. */
export type Address =
  | { readonly kind: 'program'; readonly argv: readonly string[] }
  | { readonly kind: 'tcp' | 'telnet' | 'rfc2217'; readonly host: string; readonly port: number; readonly line?: LineSettings;
      /** It stands for the program `telnet`, whose words belong to the log. */
      readonly asProgram: boolean }
  | { readonly kind: 'serial'; readonly path: string; readonly line?: LineSettings };

const hint = 'A connection is a command (telnet HOST PORT, ssh …), tcp://HOST:PORT, telnet://HOST:PORT, rfc2217://HOST:PORT?baud=115200n8, or /dev/ttyUSB0 115200n8.';

/**
 * Reads the command that connects to a device. The plain `telnet HOST PORT`, addresses of network serial ports and serial
 * devices of the worker are spoken to without another program; all else is a program to run.
 * @throws ConfigurationError for an address that cannot be one
 */
export function connectionAddress(command: string): Address {
  const argv = shellSplit(command);
  const [first = '', host = '', port = ''] = argv;
  if (first === 'telnet' && argv.length === 3 && !host.startsWith('-') && isPort(port)) {
    return { kind: 'telnet', host, port: Number(port), asProgram: true };
  }
  if (/^\/dev\/(?!.*\.\.)[\w/.:@+-]+$/.test(first) && argv.length <= 2) return { kind: 'serial', path: first, ...lineOf(argv[1], command) };
  const url = /^(tcp|telnet|rfc2217|serial):\/\//.test(command.trim()) ? parse(command.trim()) : undefined;
  if (!url) return { kind: 'program', argv };
  const line = lineOf(url.searchParams.get('baud') ?? undefined, command);
  if (url.protocol === 'serial:') return { kind: 'serial', path: decodeURIComponent(url.pathname), ...line };
  const kind = url.protocol.slice(0, -1) as 'tcp' | 'telnet' | 'rfc2217';
  if (url.hostname === '' || !isPort(url.port)) wrong(command, 'it needs a host and a port');
  if (line.line && kind !== 'rfc2217') wrong(command, `only rfc2217:// and serial devices can be told a speed`);
  return { kind, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port), asProgram: false, ...line };
}

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536;

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    return wrong(text, 'it is no address');
  }
}

function lineOf(text: string | undefined, command: string): { line?: LineSettings } {
  if (text === undefined) return {};
  const m = /^(\d{2,7})(?:([noe])([5-8])([12])?)?$/.exec(text);
  if (!m) return wrong(command, `'${text}' is no speed`);
  const parity = { n: 'none', o: 'odd', e: 'even' } as const;
  return {
    line: {
      baud: Number(m[1]), parity: parity[(m[2] ?? 'n') as keyof typeof parity], dataBits: Number(m[3] ?? 8) as LineSettings['dataBits'], stopBits: m[4] === '2' ? 2 : 1,
    },
  };
}

function wrong(command: string, why: string): never {
  throw new ConfigurationError(`Cannot connect with '${command}': ${why}`, { code: 'connection-address', hint });
}
