/** Bytes of one frame that a socket takes; libzmq drops a connection that sends more. Two definitions of 2 MB fit. */
const longestFrame = 16 * 1024 * 1024;

/** Options of all sockets of the link; times in milliseconds. */
export const socketOptions = {
  linger: 0,
  maxMessageSize: longestFrame,
  // ZMTP heartbeats notice a dead network within 15 s, whatever TCP believes.
  heartbeatInterval: 5_000,
  heartbeatTimeout: 15_000,
  heartbeatTimeToLive: 20_000,
} as const;

/** Where a worker may find another server, it gives up one that has gone silent sooner: times in milliseconds. */
export const withOtherServers = { heartbeatInterval: 1_000, heartbeatTimeout: 4_000 } as const;
