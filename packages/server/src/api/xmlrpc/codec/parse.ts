import { SaxesParser } from 'saxes';
import { scalars, unreadable } from './scalars.ts';
import { Fault, type XmlRpcValue } from './values.ts';

export interface MethodCall {
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
}

export interface CodecLimits {
  /** Bytes of a call. */
  readonly size: number;
  /** Arrays and structs in each other. */
  readonly depth: number;
  /** Values in all. */
  readonly values: number;
}

const defaults: CodecLimits = { size: 16 * 1024 * 1024, depth: 64, values: 200_000 };

/** No XML-RPC call at all. */
const noCall = () => new Fault(-32600, 'Unable to decode request');

/**
 * Reads a call. Throws Fault for whatever is not one, and for what is beyond the limits. Document types (and with them
 * entities of one's own) are refused.
 */
export function parseCall(bytes: Uint8Array, limits: Partial<CodecLimits> = {}): MethodCall {
  const all = { ...defaults, ...limits };
  if (bytes.length > all.size) throw unreadable();
  const reader = new CallReader(all);
  const parser = new SaxesParser({ position: false });
  const stop = () => { throw unreadable(); };
  parser.on('error', stop);
  parser.on('doctype', stop);
  parser.on('opentag', (tag) => reader.open(tag.name));
  parser.on('closetag', () => reader.close());
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.write(decoded(bytes)).close();
  return reader.call();
}

/** The text of a document in the encoding that its declaration names. */
function decoded(bytes: Uint8Array): string {
  const declaration = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const label = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(declaration)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    throw unreadable();
  }
}

/** Where a value goes when it is complete. */
type Sink = (value: XmlRpcValue) => void;

/** An element that is open. */
interface Frame {
  readonly name: string;
  /** Collects text; undefined where only blanks may stand. */
  text?: string | undefined;
  /** Elements that may stand in it. */
  readonly inside: (child: string) => Frame;
  /** Called when it ends. */
  readonly end?: (text: string) => void;
}

/** Follows the elements of a call. Every element says what may stand in it; anything else is refused. */
class CallReader {
  readonly #limits: CodecLimits;
  readonly #open: Frame[] = [];
  #method: string | undefined;
  readonly #params: XmlRpcValue[] = [];
  #done = false;
  #depth = 0;
  #values = 0;

  constructor(limits: CodecLimits) {
    this.#limits = limits;
  }

  open(name: string): void {
    const parent = this.#open.at(-1);
    if (parent?.text !== undefined) {
      // A value is a text or has one element in it, with nothing but blanks around.
      if (parent.text.trim() !== '') throw unreadable();
      parent.text = undefined;
    }
    this.#open.push(parent ? parent.inside(name) : this.#root(name));
  }

  text(text: string): void {
    const frame = this.#open.at(-1);
    if (frame?.text !== undefined) frame.text += text;
    else if (text.trim() !== '') throw unreadable();
  }

  close(): void {
    const frame = this.#open.pop();
    frame?.end?.(frame.text ?? '');
  }

  call(): MethodCall {
    if (!this.#done || this.#method === undefined) throw noCall();
    return { method: this.#method, params: this.#params };
  }

  #root(name: string): Frame {
    if (name !== 'methodCall') throw noCall();
    return {
      name,
      inside: (child) => {
        if (child === 'methodName' && this.#method === undefined) return leaf(child, (text) => { this.#method = text.trim(); });
        if (child === 'params' && this.#method !== undefined) return { name: child, inside: (param) => this.#param(param) };
        throw noCall();
      },
      end: () => { this.#done = true; },
    };
  }

  #param(name: string): Frame {
    if (name !== 'param') throw noCall();
    return this.#single(name, (value) => this.#params.push(value));
  }

  /** An element with exactly one value in it. */
  #single(name: string, sink: Sink): Frame {
    let found = false;
    return {
      name,
      inside: (child) => {
        if (child !== 'value' || found) throw unreadable();
        found = true;
        return this.#value(sink);
      },
      end: () => { if (!found) throw unreadable(); },
    };
  }

  #value(sink: Sink): Frame {
    if (++this.#values > this.#limits.values) throw unreadable();
    let typed: XmlRpcValue | undefined;
    let found = false;
    return {
      name: 'value',
      text: '',
      inside: (type) => {
        if (found) throw unreadable();
        found = true;
        return this.#typed(type, (value) => { typed = value; });
      },
      // A text without a type is a string.
      end: (text) => sink(found ? typed! : text),
    };
  }

  #typed(type: string, sink: Sink): Frame {
    if (type === 'array') return this.#array(sink);
    if (type === 'struct') return this.#struct(sink);
    const read = scalars[type];
    if (!read) throw unreadable();
    return leaf(type, (text) => sink(read(text)));
  }

  #array(sink: Sink): Frame {
    this.#enter();
    const items: XmlRpcValue[] = [];
    let found = false;
    return {
      name: 'array',
      inside: (child) => {
        if (child !== 'data' || found) throw unreadable();
        found = true;
        return {
          name: child,
          inside: (item) => {
            if (item !== 'value') throw unreadable();
            return this.#value((value) => items.push(value));
          },
        };
      },
      end: () => { this.#depth--; if (!found) throw unreadable(); sink(items); },
    };
  }

  #struct(sink: Sink): Frame {
    this.#enter();
    const members = new Map<string, XmlRpcValue>();
    return {
      name: 'struct',
      inside: (child) => {
        if (child !== 'member') throw unreadable();
        let name: string | undefined;
        let value: XmlRpcValue | undefined;
        return {
          name: child,
          inside: (part) => {
            if (part === 'name' && name === undefined) return leaf(part, (text) => { name = text; });
            if (part === 'value' && value === undefined) return this.#value((v) => { value = v; });
            throw unreadable();
          },
          end: () => {
            if (name === undefined || value === undefined) throw unreadable();
            members.set(name, value);
          },
        };
      },
      end: () => { this.#depth--; sink(members); },
    };
  }

  #enter(): void {
    if (++this.#depth > this.#limits.depth) throw unreadable();
  }
}

/** An element that holds text only. */
function leaf(name: string, end: (text: string) => void): Frame {
  return { name, text: '', inside: () => { throw unreadable(); }, end };
}
