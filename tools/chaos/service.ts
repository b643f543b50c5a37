/** An address at which calls are answered. */
export type Door = {
  readonly endpoint: string;
  /** Whether callers must expect that no answer comes, or a 503. */
  readonly isAway: boolean;
  /** Number of times that it was away. */
  readonly outages: number;
};

/** One server or several, as callers see them. */
export type Service = {
  readonly projectId: string;
  readonly doors: readonly Door[];
  /** Returns the door for the next call: another one each time, and one that is not away if there is one. */
  nextDoor(): Door;
  /** Returns the last lines that the processes wrote to standard error. */
  logTail(): readonly string[];
};

/** Whether no door is away. */
export function isCalm({ doors }: Service): boolean {
  return doors.every(({ isAway }) => !isAway);
}

/** Returns how many times a server was away. */
export function outagesOf({ doors }: Service): number {
  return doors.reduce((sum, { outages }) => sum + outages, 0);
}
