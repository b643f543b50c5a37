import { exitCodes } from '../failure.ts';
import { beginLife } from '../log/begin-life.ts';
import { logSettings } from '../log/log-options.ts';
import { openLog } from '../log/open-log.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { type ServeOptions, startGateway, untilStopped } from './start-gateway.ts';

/** Serves until Ctrl-C or SIGTERM. */
export async function serveCommand(context: CommandContext, options: ServeOptions): Promise<number> {
  const { terminal, environment, version, signal } = context;
  using logging = openLog(terminal.messages, logSettings(options, environment));
  using life = beginLife(logging.log, version, signal);
  await using gateway = await startGateway(context, options, logging);
  if (terminal.json) {
    printJson(terminal, {
      endpoint: gateway.endpoint,
      project_id: gateway.projectId,
      ...(gateway.consoleAddress !== null && { console: gateway.consoleAddress }),
      ...(gateway.generatedPassword !== null && { generated_admin_password: gateway.generatedPassword }),
    });
  } else {
    print(terminal, `listening at ${gateway.endpoint}, project ${gateway.projectId}`);
    if (gateway.consoleAddress !== null) {
      print(terminal, `console: ${gateway.consoleAddress} (sign in with user name and password)`);
    }
    if (gateway.generatedPassword !== null) {
      print(terminal, `first start: created the user admin with the password ${gateway.generatedPassword}`);
      print(terminal, 'keep it: it is shown only once');
    }
    print(terminal, 'press Ctrl-C to stop the server');
  }
  life.started(gateway.endpoint);
  await untilStopped(gateway, signal);
  return exitCodes.done;
}
