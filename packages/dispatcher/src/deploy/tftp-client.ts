import { createSocket } from 'node:dgram';

/** Milliseconds for a server on this machine to answer, and how often it is asked. */
const answerMs = 500;
const attempts = 4;

/** Asks a TFTP server for a file without fetching it. @returns undefined when the server has it, else what is wrong */
export async function probeTftp(address: string, port: number, path: string): Promise<string | undefined> {
  const socket = createSocket('udp4');
  try {
    return await new Promise((resolve, reject) => {
      let left = attempts;
      const ask = () => {
        if (left === 0) return resolve('nobody answers');
        left -= 1;
        socket.send(Buffer.from(`\0\u0001${path}\0octet\0tsize\x000\0`, 'latin1'), port, address);
        timer = setTimeout(ask, answerMs);
      };
      let timer: NodeJS.Timeout;
      socket.on('error', (error) => { clearTimeout(timer); reject(error); });
      socket.on('message', (packet, server) => {
        clearTimeout(timer);
        const isError = packet.length >= 4 && packet.readUInt16BE(0) === 5;
        if (isError) return resolve(packet.subarray(4).toString('latin1').replace(/\0.*/s, ''));
        // Code 0 ends what the server has begun.
        socket.send(Buffer.from('\0\u0005\0\0only asking\0', 'latin1'), server.port, server.address, () => resolve(undefined));
      });
      ask();
    });
  } finally {
    socket.close();
  }
}
