/**
 * Keeps the environment, which holds secrets, out of the reports that an operator lets Node write. Of a fatal error Node
 * writes it in whatever a program says, unless it was started with the option: then there is a warning, and no report.
 */
export function leaveEnvironmentOutOfReports(host: NodeJS.Process): void {
  const { report } = host;
  if (report.reportOnFatalError && !report.excludeEnv) {
    report.reportOnFatalError = false;
    host.emitWarning(
      'a report of a fatal error would hold secrets of the environment, and is not written: add --report-exclude-env to NODE_OPTIONS',
    );
  }
  report.excludeEnv = true;
}
