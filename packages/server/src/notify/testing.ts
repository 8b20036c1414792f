import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { SMTPServer } from 'smtp-server';

/* Receivers on the loopback for tests: each keeps what it got and answers as a test says. */

interface Got { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }

export interface HttpReceiver {
  readonly url: string;
  readonly port: number;
  readonly got: Got[];
  /** Status, and headers, of the next answers; `hang` keeps silent. */
  answer: { status: number; headers?: Record<string, string> } | 'hang';
  close(): Promise<void>;
}

const listening = (server: Server | TcpServer) => new Promise<number>((resolve) => { server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)); });

export async function httpReceiver(): Promise<HttpReceiver> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => { body += text; }).on('end', () => {
      got.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      if (receiver.answer === 'hang') return;
      response.writeHead(receiver.answer.status, receiver.answer.headers).end('seen');
    });
  });
  const port = await listening(server);
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${port}`, port, got, answer: { status: 200 },
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); }),
  };
  return receiver;
}

/** An SMTP server that takes all mail but that for `refused@…`; its certificate for STARTTLS is its own. */
export async function mailReceiver(): Promise<{ port: number; mails: { to: string[]; from: string; text: string }[]; close(): Promise<void> }> {
  const mails: { to: string[]; from: string; text: string }[] = [];
  const smtp = new SMTPServer({
    authOptional: true, disabledCommands: ['AUTH'],
    onRcptTo({ address }, _session, callback) { callback(address.startsWith('refused@') ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : undefined); },
    onData(stream, { envelope }, callback) {
      let text = '';
      stream.setEncoding('utf8').on('data', (piece: string) => { text += piece; }).on('end', () => {
        mails.push({ to: envelope.rcptTo.map((r) => r.address), from: envelope.mailFrom === false ? '' : envelope.mailFrom.address, text });
        callback();
      });
    },
  });
  smtp.on('error', () => {});
  await new Promise<void>((resolve) => { smtp.listen(0, '127.0.0.1', () => resolve()); });
  return { port: (smtp.server.address() as AddressInfo).port, mails, close: () => new Promise((resolve) => { smtp.close(() => resolve()); }) };
}

/** A small IRC server: nicks in `taken` are refused, a message to `nobody` is, too. */
export async function ircReceiver(taken: readonly string[] = []): Promise<{ port: number; lines: string[]; close(): Promise<void> }> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    const say = (line: string) => { socket.write(`:irc.example ${line}\r\n`); };
    createInterface({ input: socket }).on('line', (line) => {
      lines.push(line);
      const [command, first = ''] = line.split(' ');
      if (command === 'NICK' && taken.includes(first)) say(`433 * ${first} :Nickname is already in use`);
      else if (command === 'NICK') { socket.write('PING :are you there\r\n'); }
      else if (command === 'PONG') say('001 lava-bot :Welcome');
      else if (command === 'PRIVMSG' && first === 'nobody') say('401 lava-bot nobody :No such nick/channel');
      else if (command === 'PING') say(`PONG irc.example ${first}`);
    });
  });
  const port = await listening(server);
  return { port, lines, close: () => new Promise((resolve) => { for (const s of sockets) s.destroy(); server.close(() => resolve()); }) };
}
