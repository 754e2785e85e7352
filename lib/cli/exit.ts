/** How a command ends. Knows codes (those of sysexits.h) and their sentence, not who causes them. */

export const exitCode = {
  ok: 0,
  usage: 64,
  data: 65,
  unavailable: 69,
  internal: 70,
  io: 74,
  untrusted: 76,
  refused: 77,
  configuration: 78,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Ends the command with a code and one line on stderr; with none where `message` is empty. */
export class Exit extends Error {
  readonly code: ExitCode;

  constructor(code: ExitCode, message = '', options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Exit';
    this.code = code;
  }
}

/** Of what a server said no to. */
export function refusal(error: Error): Exit {
  return new Exit(exitCode.refused, error.message, { cause: error });
}

/** What `--help` says of exit codes. */
export const exitHelp = `
Exit codes:
  0    done
  64   wrong usage: an unknown option, a missing or malformed argument
  65   something that was to be said was refused (a message too long, a name nobody has),
       or, in a pipe, the conversation that the rest was for
  69   the server cannot be reached, or was lost for too long
  70   a defect of this program
  74   a file or stream cannot be read or written
  76   the server's key is not the expected one, or nobody confirmed it
  77   not let in: wrong password, taken name, invite not valid, signed in elsewhere;
       thrown out, or banned
  78   a configuration that cannot work, such as a secret file that others can read
  129  ended by SIGHUP: the terminal went away
  130  interrupted: Ctrl-C, SIGINT
  143  ended by SIGTERM
`;
