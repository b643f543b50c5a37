/**
 * Limits of the server, in total, per caller and per network, so that nobody can block the others. A network is one
 * IPv4 address or the /64 of an IPv6 address.
 */
export type EdgeLimits = {
  /** Open connections; one more is closed without an answer. */
  readonly connections: number;
  /** Open connections of one network, except for trusted proxies; one more is closed without an answer. */
  readonly connectionsOfNetwork: number;
  /** Calls in progress, including streams; one more gets 503. Each may hold a body in memory. */
  readonly callsInFlight: number;
  /** Calls in progress of one caller; one more gets 429. */
  readonly callsInFlightOfCaller: number;
  /** Calls in progress of one network whose callers are not known yet; one more gets 429. */
  readonly callsInFlightOfNetwork: number;
  /**
   * Calls per second of one caller: a user or access key of a project. After a rest, a burst may have twice as many.
   */
  readonly callsPerSecond: number;
  /** Calls per second without valid credentials from one network. After a rest, a burst may have ten times as many. */
  readonly unknownCallsPerSecond: number;
  /** Time in which a client must send all headers, milliseconds. */
  readonly headersTimeoutMs: number;
  /** Time in which a client must send the whole request with its body, milliseconds. */
  readonly requestTimeoutMs: number;
};

export const defaultEdgeLimits: EdgeLimits = {
  connections: 4096,
  connectionsOfNetwork: 512,
  callsInFlight: 1024,
  callsInFlightOfCaller: 256,
  callsInFlightOfNetwork: 64,
  callsPerSecond: 1000,
  unknownCallsPerSecond: 50,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
};
