/** Where and under which name events are published, by LAVA's settings. */
export interface EventSettings {
  /** EVENT_TOPIC: first part of the topic of each event. */
  readonly topic: string;
  /** EVENT_SOCKET: address of the ZeroMQ socket, as clients are told it; they put the host for `*`. */
  readonly socket: string;
  /** EVENT_ADDITIONAL_SOCKETS: addresses of listeners to which events are sent as well. */
  readonly additional: readonly string[];
  /** EVENT_IPV6: whether the sockets may use IPv6. */
  readonly ipv6: boolean;
  /** EVENT_NOTIFICATION: whether there are these sockets. The web socket `/ws/` is always there. */
  readonly enabled: boolean;
}

/** LAVA's own. The socket is open to everybody who can reach it, so an admin decides to have one. */
export const defaultEventSettings: EventSettings = { topic: 'org.lavasoftware', socket: 'tcp://*:5500', additional: [], ipv6: false, enabled: false };

/** Settings that clients ask for (`system.master_config`), under LAVA's names. */
export function masterConfig({ topic, socket, enabled }: EventSettings): { EVENT_TOPIC: string; EVENT_SOCKET: string; EVENT_NOTIFICATION: boolean; LOG_SIZE_LIMIT: number } {
  return { EVENT_TOPIC: topic, EVENT_SOCKET: socket, EVENT_NOTIFICATION: enabled, LOG_SIZE_LIMIT: 5 };
}

/** From the settings of an installation under LAVA's names. */
export function eventSettings(settings: Readonly<Record<string, unknown>>): EventSettings {
  const text = (name: string, otherwise: string) => (typeof settings[name] === 'string' && settings[name] !== '' ? settings[name] : otherwise);
  const additional: unknown = settings['EVENT_ADDITIONAL_SOCKETS'];
  return {
    topic: text('EVENT_TOPIC', defaultEventSettings.topic),
    socket: text('EVENT_SOCKET', defaultEventSettings.socket),
    additional: Array.isArray(additional) ? additional.map(String) : [],
    ipv6: settings['EVENT_IPV6'] === true,
    enabled: settings['EVENT_NOTIFICATION'] === true,
  };
}
