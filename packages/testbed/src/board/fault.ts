import { ConfigurationError } from '@lava/base';

/** Everything that can be broken on a board, and what it means. */
export const faultKinds = {
  'no-power': 'the board never starts, whatever the power switch says',
  'hang': 'it stops in this stage and says nothing more',
  'panic': "its kernel panics in this stage",
  'reboot': 'it starts all over when it comes to this stage',
  'flood': 'it prints without end in this stage',
  'message': 'it prints the given text in this stage',
  'garbage': 'from this stage on the line runs at the wrong speed',
  'lose-output': 'of what it prints every Nth character is lost, from this stage on',
  'lose-input': 'of what is typed every Nth character is lost, from this stage on',
  'deaf': 'from this stage on it takes no input',
  'close': 'the serial server hangs up in this stage',
  'refused': 'the serial server is not there',
  'busy': 'somebody else has the serial line',
  'pdu-fails': 'the power switch answers with an error (at: on, off or cycle)',
  'pdu-hangs': 'the power switch never answers (at: on, off or cycle)',
  'pdu-ignores': 'the power switch says yes and does nothing (at: on, off or cycle)',
} as const;

export interface Fault {
  readonly kind: keyof typeof faultKinds;
  /** Stage (or power command) where it happens; without it at the first (or at every). */
  readonly at?: string;
  /** The N of every Nth character; default 7. */
  readonly every?: number;
  /** The text of `message`. */
  readonly text?: string;
}

/** Reads `KIND`, `KIND@STAGE`, `KIND@STAGE=VALUE`. @throws ConfigurationError for what is no fault */
export function parseFault(words: string): Fault {
  const m = /^([a-z-]+)(?:@([^=]+))?(?:=(.*))?$/s.exec(words);
  if (!m || !Object.hasOwn(faultKinds, m[1] ?? '')) {
    throw new ConfigurationError(`'${words}' is no fault`, { code: 'board-fault', hint: `Write KIND@STAGE with one of: ${Object.keys(faultKinds).join(', ')}.` });
  }
  const [, kind, at, value] = m;
  return { kind: kind as Fault['kind'], ...(at !== undefined && { at }), ...(value !== undefined && ((kind as string).startsWith('lose-') ? { every: Number(value) } : { text: value })) };
}
