import { type AddHelpTextContext, type AddHelpTextPosition, Command, type Help, type Option } from 'commander';

/** A command whose added help text is wrapped to the width of the terminal, however the source breaks its lines. */
export class HelpedCommand extends Command {
  override createCommand(name?: string): Command {
    return new HelpedCommand(name);
  }

  override createHelp(): Help {
    const help = super.createHelp();
    const describe = help.optionDescription.bind(help);
    help.minWidthToWrap = 30;
    const term = help.subcommandTerm.bind(help);
    help.subcommandTerm = (command) => term(command).replace(' [options]', '');
    // A flag is off by default: no need to say so.
    help.optionDescription = (option) => (option.isBoolean() ? option.description : describe(option));
    return help;
  }

  override addHelpText(position: AddHelpTextPosition, text: string | ((context: AddHelpTextContext) => string)): this {
    return super.addHelpText(position, (context) => {
      const { getErrHelpWidth, getOutHelpWidth } = this.configureOutput();
      const width = (context.error ? getErrHelpWidth : getOutHelpWidth)?.() ?? 80;
      return wrapParagraphs(this.createHelp(), typeof text === 'string' ? text : text(context), width);
    });
  }
}

/** Joins and wraps the lines of each paragraph. Blank lines and indented lines, such as examples, stay unchanged. */
function wrapParagraphs(help: Help, text: string, width: number): string {
  const lines: string[] = [];
  let paragraph: string[] = [];
  const endParagraph = () => {
    if (paragraph.length > 0) lines.push(help.boxWrap(paragraph.join(' '), width));
    paragraph = [];
  };
  for (const line of text.split('\n')) {
    if (line !== '' && !line.startsWith(' ')) paragraph.push(line);
    else {
      endParagraph();
      lines.push(line);
    }
  }
  endParagraph();
  return lines.join('\n');
}

/** The examples as a block of help text. */
export function examplesHelp(examples: readonly string[]): string {
  const heading = examples.length === 1 ? 'Example' : 'Examples';
  return `\n${heading}:\n${examples.map((example) => `  backup-sync ${example}`).join('\n')}`;
}

/** The options under a heading, in the layout that Commander uses for the options of a command. */
export function optionsHelp(command: Command, heading: string, options: readonly Option[]): string {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? 80 });
  const terms = options.map((option) => help.optionTerm(option));
  const width = Math.max(...terms.map(({ length }) => length));
  const items = options.map((option, index) =>
    help.formatItem(terms[index] ?? '', width, help.optionDescription(option), help),
  );
  return `\n${help.formatItemList(heading, items, help).join('\n').trimEnd()}`;
}
