/** Where and under which name events are published, by LAVA's settings. */
export interface EventSettings {
  /** EVENT_TOPIC: first part of the topic of each event. */
  readonly topic: string;
  /** EVENT_SOCKET: address of the ZeroMQ socket, as clients are told it; they put the host for `*`. */
  readonly socket: string;
  /** EVENT_NOTIFICATION: whether that socket is open. The web socket `/ws/` always is. */
  readonly enabled: boolean;
}

/** LAVA's own: the socket is open to everybody who can reach it, so an admin decides to have one. */
export const defaultEventSettings: EventSettings = { topic: 'org.lavasoftware', socket: 'tcp://*:5500', enabled: false };

/** From the settings of an installation under LAVA's names. */
export function eventSettings(settings: Readonly<Record<string, unknown>>): EventSettings {
  const { EVENT_TOPIC: topic, EVENT_SOCKET: socket, EVENT_NOTIFICATION: enabled } = settings;
  return {
    topic: typeof topic === 'string' && topic !== '' ? topic : defaultEventSettings.topic,
    socket: typeof socket === 'string' && socket !== '' ? socket : defaultEventSettings.socket,
    enabled: enabled === true,
  };
}
