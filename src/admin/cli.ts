/**
 * The command line: what can be typed, and what each command is given. It parses, explains and reports; the work is in the
 * actions, which the entry (odradek.ts) loads when they are needed.
 *
 * Exit codes: 0 done, 1 it failed, 2 the command line was wrong.
 */

import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';

export type Override = [name: string, value: string];

/** A properties file, and what goes over it. */
export interface Configuration {
  /** The file's content, read as latin1 as Java does; null: there is no file. */
  readonly propertiesText: string | null;
  /** Where the file lies; null: there is no file. */
  readonly propertiesPath: string | null;
  /** Settings over the file's, the last of a name winning. */
  readonly overrides: Override[];
}

export interface StartOptions extends Configuration {
  /** Format the log directories where they are not: without a properties file, or when asked to. */
  readonly formatIfMissing: boolean;
}

export interface FormatOptions extends Configuration {
  /** As text (22 characters of base64url); null: a new one. */
  readonly clusterId: string | null;
  /** Log directories that are formatted already are left alone instead of being an error. */
  readonly ignoreFormatted: boolean;
  /** '4.4' or '4.4-IV2'; null: the newest. */
  readonly releaseVersion: string | null;
  /** `name=level`, for other levels than a new cluster gets. */
  readonly features: readonly string[];
}

/** What the values of the records are read as. */
export type RecordDecoder = 'none' | 'offsets' | 'transactions' | 'share-groups' | 'cluster-metadata';

export interface DumpLogOptions {
  /** `.log`, `.index`, `.timeindex`, `.txnindex`, `.snapshot` and `.checkpoint` files. */
  readonly files: readonly string[];
  /** Print keys and values too. */
  readonly printDataLog: boolean;
  /** Go through the records of compressed batches. */
  readonly deepIteration: boolean;
  readonly decoder: RecordDecoder;
  /** Only verify indexes against their log, printing nothing of them. */
  readonly verifyIndexOnly: boolean;
  /** Only look whether indexes are sane in themselves. */
  readonly indexSanityCheck: boolean;
  /** Without the lines of the records themselves. */
  readonly skipRecordMetadata: boolean;
  /** Stop after so many bytes of a log; Infinity: read all. */
  readonly maxBytes: number;
  /** Largest batch, in bytes, that is expected. */
  readonly maxMessageSize: number;
}

/** The work behind the commands. An action ends with an exit code; nothing means 0. It throws for a bug only. */
export interface Actions {
  start(options: StartOptions): Promise<number | void>;
  format(options: FormatOptions): Promise<number | void>;
  dumpLog(options: DumpLogOptions): Promise<number | void>;
}

/** What the command line needs of the world. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Throws where the file cannot be read. */
  readFile(path: string): string;
}

/** Something the user can mend; reported without a stack. */
class UserError extends Error {}

const FAILED = 1;
const WRONG_USAGE = 2;

/** Where data goes when nobody has said where. */
const DEFAULT_LOG_DIR = 'data';

/** Runs one command line (without node and script) and returns the exit code. */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  actions: Actions,
  terminal: Terminal,
): Promise<number> {
  let code: number | void = 0;
  const program = commands(version, terminal, {
    start: async (options) => void (code = await actions.start(options)),
    format: async (options) => void (code = await actions.format(options)),
    dumpLog: async (options) => void (code = await actions.dumpLog(options)),
  });
  try {
    if (args.length === 0) {
      terminal.err(program.helpInformation());
      return WRONG_USAGE;
    }
    await program.parseAsync([...args], { from: 'user' });
    return code ?? 0;
  } catch (error) {
    // Commander has already said what is wrong; help and version end this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    if (!(error instanceof UserError)) throw error;
    terminal.err(`odradek: ${error.message}\n`);
    return FAILED;
  }
}

function commands(version: string, terminal: Terminal, actions: Actions): Command {
  const program = new Command('odradek')
    .description('A broker that speaks Apache Kafka 4.4.')
    .version(`odradek ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('Try `odradek --help`.');
  addStart(program, terminal, actions);
  addFormat(program, terminal, actions);
  addDumpLog(program, actions);
  return program;
}

interface ConfigFlags {
  readonly config?: string;
  readonly override: Override[];
}

function withConfigFlags(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the settings, in the format of Kafka’s server.properties')
    .option('-o, --override <name=value>', 'a setting that goes over the file’s; may be repeated', parseOverride, []);
}

function addStart(program: Command, terminal: Terminal, actions: Actions): void {
  const command = program
    .command('start')
    .description('Start a broker. Without --config it is a single node with its data in ./data.');
  withConfigFlags(command)
    .option('--format-if-missing', 'format log directories that are not formatted yet (always so without --config)')
    .addHelpText(
      'after',
      '\nThe settings are explained in SETTINGS.md.\nExample: odradek start --override log.dirs=/var/lib/odradek',
    )
    .action(async (flags: ConfigFlags & { formatIfMissing?: true }) => {
      const configuration = readConfiguration(flags, terminal);
      const formatIfMissing = flags.formatIfMissing === true || configuration.propertiesPath === null;
      await actions.start({ ...configuration, formatIfMissing });
    });
}

interface FormatFlags {
  readonly clusterId?: string;
  readonly ignoreFormatted?: true;
  readonly releaseVersion?: string;
  readonly feature: readonly string[];
}

function addFormat(program: Command, terminal: Terminal, actions: Actions): void {
  const command = program.command('format').description('Prepare the log directories of a new node.');
  withConfigFlags(command)
    .option('-t, --cluster-id <id>', 'the cluster’s id, 22 characters of base64url; by default a new one')
    .option('-g, --ignore-formatted', 'leave directories alone that are formatted already')
    .option('-r, --release-version <version>', 'the release that the cluster’s features are of; by default the newest')
    .option(
      '-f, --feature <name=level>',
      'another level of a feature than that release has, as transaction.version=1; may be repeated',
      (feature: string, before: string[]) => [...before, feature],
      [],
    )
    .action(async (flags: ConfigFlags & FormatFlags) => {
      await actions.format({
        ...readConfiguration(flags, terminal),
        clusterId: flags.clusterId ?? null,
        ignoreFormatted: flags.ignoreFormatted === true,
        releaseVersion: flags.releaseVersion ?? null,
        features: flags.feature,
      });
    });
}

interface DumpFlags {
  readonly files: string[];
  readonly printDataLog?: true;
  readonly deepIteration?: true;
  readonly offsetsDecoder?: true;
  readonly transactionLogDecoder?: true;
  readonly shareGroupStateDecoder?: true;
  readonly clusterMetadataDecoder?: true;
  readonly verifyIndexOnly?: true;
  readonly indexSanityCheck?: true;
  readonly skipRecordMetadata?: true;
  readonly maxBytes: number;
  readonly maxMessageSize: number;
}

function addDumpLog(program: Command, actions: Actions): void {
  program
    .command('dump-log')
    .description('Print what is in the files of a log, with the options of kafka-dump-log.')
    .argument('[files...]', 'files to print')
    .option('--files <list>', 'files to print, separated by commas', splitFiles, [])
    .option('--print-data-log', 'print keys and values')
    .option('--deep-iteration', 'print the records of compressed batches')
    .option('--offsets-decoder', 'the records are those of __consumer_offsets')
    .option('--transaction-log-decoder', 'the records are those of __transaction_state')
    .option('--share-group-state-decoder', 'the records are those of __share_group_state')
    .option('--cluster-metadata-decoder', 'the records are those of __cluster_metadata')
    .option('--verify-index-only', 'only verify indexes against their logs')
    .option('--index-sanity-check', 'only look whether indexes are sane')
    .option('--skip-record-metadata', 'leave out the metadata of records')
    .option('--max-bytes <bytes>', 'read only so much of a log', parseCount, Infinity)
    .option('--max-message-size <bytes>', 'size of the largest batch', parseCount, 5 * 1024 * 1024)
    .action(async (named: string[], flags: DumpFlags, command: Command) => {
      const files = [...named, ...flags.files];
      if (files.length === 0) command.error('error: no files given');
      const decoder = decoderOf(flags);
      await actions.dumpLog({
        files,
        // As in Kafka, asking for a decoder asks for the data.
        printDataLog: flags.printDataLog === true || decoder !== 'none',
        deepIteration: flags.deepIteration === true || flags.printDataLog === true || decoder !== 'none',
        decoder,
        verifyIndexOnly: flags.verifyIndexOnly === true,
        indexSanityCheck: flags.indexSanityCheck === true,
        skipRecordMetadata: flags.skipRecordMetadata === true,
        maxBytes: flags.maxBytes,
        maxMessageSize: flags.maxMessageSize,
      });
    });
}

function decoderOf(flags: DumpFlags): RecordDecoder {
  if (flags.offsetsDecoder === true) return 'offsets';
  if (flags.transactionLogDecoder === true) return 'transactions';
  if (flags.shareGroupStateDecoder === true) return 'share-groups';
  return flags.clusterMetadataDecoder === true ? 'cluster-metadata' : 'none';
}

function parseOverride(text: string, earlier: Override[]): Override[] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new InvalidArgumentError('It has to be name=value.');
  return [...earlier, [text.slice(0, equals).trim(), text.slice(equals + 1)]];
}

function splitFiles(text: string, earlier: string[]): string[] {
  return [...earlier, ...text.split(',').filter((file) => file !== '')];
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It has to be a number.');
  return Number(text);
}

function readConfiguration(flags: ConfigFlags, terminal: Terminal): Configuration {
  if (flags.config === undefined) {
    const given = flags.override.some(([name]) => name === 'log.dirs' || name === 'log.dir');
    const overrides = given ? flags.override : [['log.dirs', resolve(DEFAULT_LOG_DIR)] as Override, ...flags.override];
    return { propertiesText: null, propertiesPath: null, overrides };
  }
  try {
    const propertiesText = terminal.readFile(flags.config);
    return { propertiesText, propertiesPath: resolve(flags.config), overrides: flags.override };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(`the settings in ${flags.config} cannot be read: ${why}`);
  }
}
