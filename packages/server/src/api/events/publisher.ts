import { ConfigurationError, messageOf } from '@lava/base';
import { Publisher, Push, type Socket } from 'zeromq';
import type { EventSettings } from './settings.ts';
import type { Services } from '../../services.ts';
import { eventFeed } from './feed.ts';

/** Events that wait for one slow listener; what comes after is lost to that one, as events are. */
const sendHighWaterMark = 10_000;
const options = { linger: 0, sendHighWaterMark, heartbeatInterval: 5_000, heartbeatTimeToLive: 15_000, heartbeatTimeout: 15_000 };

export interface EventPublisher {
  /** Where it listens. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * LAVA's events on ZeroMQ: five frames each, published on EVENT_SOCKET and pushed to each of EVENT_ADDITIONAL_SOCKETS.
 * Nobody says who listens there, so that only what everybody may see is told.
 * @throws ConfigurationError when an address cannot be used
 */
export async function publishEvents(services: Services, settings: EventSettings): Promise<EventPublisher> {
  const publisher = new Publisher({ ...options, ipv6: settings.ipv6 });
  // A listener that is away must not stop the others: what it has no room for is dropped at once.
  const pushers = settings.additional.map(() => new Push({ ...options, ipv6: settings.ipv6, sendTimeout: 0 }));
  const sockets: readonly (Publisher | Push)[] = [publisher, ...pushers];
  const closeAll = () => { for (const socket of sockets as readonly Socket[]) socket.close(); };
  try {
    await publisher.bind(settings.socket);
    for (const [n, address] of settings.additional.entries()) pushers[n]!.connect(address);
  } catch (error) {
    closeAll();
    throw new ConfigurationError(`no events can be published on ${[settings.socket, ...settings.additional].join(', ')}: ${messageOf(error)}`, {
      code: 'event-socket', hint: 'Give addresses that ZeroMQ can use in EVENT_SOCKET and EVENT_ADDITIONAL_SOCKETS of settings.yaml, or set EVENT_NOTIFICATION to false.',
    });
  }
  let queue = Promise.resolve();
  const feed = eventFeed(services, settings);
  feed.listen((told) => {
    if (!told.maySee(null)) return;
    queue = queue.then(async () => {
      await publisher.send([...told.parts]);
      for (const pusher of pushers) await pusher.send([...told.parts]).catch(() => {});
    }).catch((error: unknown) => services.log.warn(`[EVENTS] an event was not published: ${messageOf(error)}`));
  });
  return {
    address: publisher.lastEndpoint ?? settings.socket,
    async close() {
      await feed.close();
      await queue;
      closeAll();
    },
  };
}
