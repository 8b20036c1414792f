/** Z85 (ZeroMQ RFC 32): 4 bytes are 5 printable characters. Keys are 32 bytes, 40 characters. */
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

export function encodeZ85(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let i = 0; i + 4 <= view.length; i += 4) {
    let value = view.readUInt32BE(i);
    let part = '';
    for (let j = 0; j < 5; j++) { part = alphabet.charAt(value % 85) + part; value = Math.floor(value / 85); }
    text += part;
  }
  return text;
}

/** The bytes of a Z85 text, or undefined when it is none. */
export function decodeZ85(text: string): Buffer | undefined {
  if (text.length % 5 !== 0) return undefined;
  const out = Buffer.alloc(text.length / 5 * 4);
  for (let i = 0; i < text.length; i += 5) {
    let value = 0;
    for (let j = 0; j < 5; j++) {
      const digit = alphabet.indexOf(text.charAt(i + j));
      if (digit < 0) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) return undefined;
    out.writeUInt32BE(value, i / 5 * 4);
  }
  return out;
}
