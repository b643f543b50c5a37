import { exitCodes } from '../failure.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { type ServeOptions, startGateway, untilStopped } from './start-gateway.ts';

/** Serves until Ctrl-C or SIGTERM. */
export async function serveCommand(context: CommandContext, options: ServeOptions): Promise<number> {
  const { terminal } = context;
  await using gateway = await startGateway(context, options);
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
  await untilStopped(gateway, context.signal);
  return exitCodes.done;
}
