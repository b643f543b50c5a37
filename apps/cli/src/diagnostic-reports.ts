/**
 * Keeps the environment, which contains secrets, out of Node's diagnostic reports. For a fatal error, Node ignores
 * `excludeEnv` unless it was started with `--report-exclude-env`: such reports are then turned off, with a warning.
 */
export function leaveEnvironmentOutOfReports(host: NodeJS.Process): void {
  const { report } = host;
  if (report.reportOnFatalError && !report.excludeEnv) {
    report.reportOnFatalError = false;
    host.emitWarning(
      'reports of fatal errors are off, since they would contain secrets from the environment: ' +
        'add --report-exclude-env to NODE_OPTIONS',
    );
  }
  report.excludeEnv = true;
}
