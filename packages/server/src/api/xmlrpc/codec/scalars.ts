import { Double, Fault, type XmlRpcValue } from './values.ts';

/** XML-RPC with a mistake, or no XML. The reason stays here: clients compare this text. */
export const unreadable = () => new Fault(-32603, 'Unable to decode request');

/** How the text of each element that holds no others becomes its value. Throws Fault. */
export const scalars: Readonly<Record<string, (text: string) => XmlRpcValue>> = Object.assign(Object.create(null) as Record<string, (text: string) => XmlRpcValue>, {
  nil: (text: string) => { if (text.trim() !== '') throw unreadable(); return null; },
  string: (text: string) => text,
  boolean: (text: string) => {
    const word = text.trim();
    if (word !== '0' && word !== '1') throw unreadable();
    return word === '1';
  },
  int: readInteger(32), i4: readInteger(32), i1: readInteger(8), i2: readInteger(16), i8: readInteger(64),
  double: (text: string) => new Double(readFloat(text.trim())), float: (text: string) => new Double(readFloat(text.trim())),
  'dateTime.iso8601': (text: string) => readTime(text.trim()),
  base64: (text: string) => {
    const packed = text.replace(/\s+/g, '');
    if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) throw unreadable();
    return new Uint8Array(Buffer.from(packed, 'base64'));
  },
});

function readInteger(bits: number): (text: string) => number | bigint {
  return (text) => {
    const digits = text.trim();
    if (!/^[+-]?\d{1,20}$/.test(digits)) throw unreadable();
    const value = BigInt(digits);
    if (BigInt.asIntN(bits, value) !== value) throw unreadable();
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };
}

function readFloat(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  const word = text.toLowerCase().replace(/^\+/, '');
  if (word === 'nan') return NaN;
  if (word === 'inf' || word === 'infinity') return Infinity;
  if (word === '-inf' || word === '-infinity') return -Infinity;
  throw unreadable();
}

const time = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** `YYYYMMDDTHH:MM:SS`, also with hyphens, a fraction or a zone; without a zone it is UTC. */
function readTime(text: string): Date {
  const parts = time.exec(text);
  if (!parts) throw unreadable();
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts;
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`);
  // JavaScript lets 31 February roll over into March.
  if (Number.isNaN(at.getTime()) || Number(day) > new Date(Date.UTC(2000 + Number(year) % 400, Number(month), 0)).getUTCDate()) throw unreadable();
  return at;
}
