/** What the server bears at once and from one caller, so that nobody takes it from the others. */
export type EdgeLimits = {
  /** Open connections; one more is closed unanswered. */
  readonly connections: number;
  /** Of these, the ones from one network, unless it is a trusted proxy; one more is closed unanswered. */
  readonly connectionsOfNetwork: number;
  /** Calls that are being answered, streams among them; one more is 503. Each may hold a body in memory. */
  readonly callsInFlight: number;
  /** Of these, the calls of one caller; one more is 429. */
  readonly callsInFlightOfCaller: number;
  /** The calls from one network of which it is not known yet whose they are; one more is 429. */
  readonly callsInFlightOfNetwork: number;
  /** Calls of one caller: a user or access key of a project. Twice as many may come in one second after a rest. */
  readonly callsPerSecond: number;
  /** Calls without credentials, or with bad ones, from one address. A rest saves ten seconds' worth. */
  readonly unknownCallsPerSecond: number;
  /** A client that has not sent all headers within this time is refused. */
  readonly headersTimeoutMs: number;
  /** The same for the whole request, its body included. */
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
