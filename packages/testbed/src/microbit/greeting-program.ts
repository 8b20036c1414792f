/** A program for the nRF51 that says a text on its serial port and then does nothing. It is to lie at address 0. */
export function greetingProgram(text: string): Buffer {
  const code = [
    0x480a, // 40: ldr r0, =UART
    0x2104, // 42: movs r1, #4
    0x4a0a, // 44: ldr r2, =ENABLE
    0x5081, // 46: str r1, [r0, r2]
    0x2101, // 48: movs r1, #1
    0x6081, // 4a: str r1, [r0, #8]   start the transmitter
    0x4a09, // 4c: ldr r2, =TXD
    0x4c0a, // 4e: ldr r4, =TXDRDY
    0x4b0a, // 50: ldr r3, =text
    0x7819, // 52: ldrb r1, [r3]
    0x2900, // 54: cmp r1, #0
    0xd007, // 56: beq 68
    0x5081, // 58: str r1, [r0, r2]
    0x5901, // 5a: ldr r1, [r0, r4]
    0x2900, // 5c: cmp r1, #0
    0xd0fc, // 5e: beq 5a
    0x2100, // 60: movs r1, #0
    0x5101, // 62: str r1, [r0, r4]
    0x3301, // 64: adds r3, #1
    0xe7f4, // 66: b 52
    0xe7fe, // 68: b 68
    0xbf00, // 6a: nop
  ];
  const literals = [0x40002000, 0x500, 0x51c, 0x11c, 0x80];
  const program = Buffer.alloc(0x80);
  program.writeUInt32LE(0x20004000, 0);
  for (let vector = 1; vector < 16; vector += 1) program.writeUInt32LE(vector === 1 ? 0x41 : 0x69, 4 * vector);
  for (const [i, word] of code.entries()) program.writeUInt16LE(word, 0x40 + 2 * i);
  for (const [i, word] of literals.entries()) program.writeUInt32LE(word, 0x6c + 4 * i);
  const bytes = Buffer.concat([program, Buffer.from(`${text}\0`)]);
  return Buffer.concat([bytes, Buffer.alloc((4 - bytes.length % 4) % 4)]);
}
