import { ConfigurationError } from '@lava/base';
import { isDialable, mostServers, type ServerAddress, type ServerEndpointOptions } from '@lava/link';

const usual = { control: 'tcp://*:5556', log: 'tcp://*:5555' };

/**
 * `LINK_ADDRESSES` of an installation: where workers find the servers that may lead, each as the name or address of a machine that
 * has this server's ports, or as `{control: tcp://HOST:PORT, log: tcp://HOST:PORT}`. Empty: workers go on with what they know.
 * @throws ConfigurationError `settings-file` when one of them is no address
 */
export function linkAddresses(settings: Readonly<Record<string, unknown>>, { control, log }: Pick<ServerEndpointOptions, 'control' | 'log'> = usual): readonly ServerAddress[] {
  const value = settings['LINK_ADDRESSES'] ?? [];
  if (!Array.isArray(value) || value.length > mostServers) throw wrong(value, `It is a list of at most ${mostServers} servers.`);
  const port = (address: string) => address.slice(address.lastIndexOf(':') + 1);
  return value.map((entry: unknown) => {
    const server = typeof entry === 'string'
      ? { master: `tcp://${entry}:${port(control)}`, logger: `tcp://${entry}:${port(log)}` }
      : { master: part(entry, 'control'), logger: part(entry, 'log') };
    if (!isDialable(server.master) || !isDialable(server.logger)) throw wrong(entry, 'Write HOST, or {control: "tcp://HOST:PORT", log: "tcp://HOST:PORT"}, as workers reach it.');
    return server;
  });
}

const part = (entry: unknown, name: 'control' | 'log') => String((entry as Partial<Record<typeof name, unknown>> | null)?.[name]);

function wrong(value: unknown, hint: string): ConfigurationError {
  return new ConfigurationError(`LINK_ADDRESSES has ${JSON.stringify(value)}`, { code: 'settings-file', hint });
}
