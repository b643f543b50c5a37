/**
 * What the log says of a fault: where it happened, and the same of each cause. Other properties of an error are left
 * out: libraries keep whole requests there, with credentials in them.
 */
export function faultText(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  // Several attempts to connect fail as one error, which does not say why itself.
  const attempts: readonly unknown[] = fault instanceof AggregateError ? fault.errors : [];
  const causes = fault.cause === undefined ? attempts : [...attempts, fault.cause];
  const own = fault.stack ?? fault.message;
  return [own, ...causes.map((cause) => `caused by: ${faultText(cause)}`)].join('\n');
}
