/** Standin for Node: start an emulator or connect to one, and give each test a sandbox. */

/** The base of all errors of the package. */
export class StandinError extends Error {}

/** Standin could not be started. The text says what to do. */
export class StartError extends StandinError {}

/** Standin does not answer, or no longer. */
export class Unreachable extends StandinError {}

/** The control API refused a call. The text is that of its problem details (RFC 9457). */
export class Refused extends StandinError {
  /** The HTTP status. */
  readonly status: number;
  /** The members of the problem details. */
  readonly problem: Record<string, unknown>;
}

/** An expectation is not met. The text lists what is not met, and the requests. */
export class VerificationError extends StandinError {
  /** The judgements, met or not. */
  readonly judgements: Judgement[];
}

export interface Judgement {
  expectation: string;
  met: boolean;
  found: string;
}

/** A duration: a text such as "90s", or a number of seconds. */
export type Duration = string | number;

/** A rule: the name of a documented failure such as "freezer.clients.create/753", or an object as in the faults of a scenario. */
export type Rule = string | Record<string, unknown>;

/** Members of `when` of a rule, such as times. */
export type When = Record<string, unknown>;

/** Selects exchanges: operation, status, method, path, fault, ended, trace, since, newest. */
export type Filter = Record<string, string | number | undefined>;

/** An entry of the journal, as `GET requests` of the control API returns it. */
export interface Entry {
  sequence: number;
  sandbox: string;
  operation?: string;
  attempt: number;
  ended: 'open' | 'answered' | 'aborted' | 'cut';
  request: { method: string; path: string; query?: string; headers: Record<string, string[]>; body?: string; size: number };
  reply?: { status: number; headers: Record<string, string[]>; body?: string; size: number };
  [member: string]: unknown;
}

/** The verdict of one rule for retries. */
export interface RetryVerdict {
  /** The id of the rule, such as ignores-retry-after. */
  rule: string;
  verdict: 'passed' | 'failed' | 'warning' | 'not-tested';
  /** What was wrong, one text for each request. */
  why: string[];
}

/** A sandbox: its own records, faults, journal and clock. */
export class Sandbox {
  private constructor();
  /** The name, which Standin made from any text. */
  readonly name: string;
  /** The URL at which clients reach the sandbox, without a slash at the end. */
  readonly url: string;
  /** A fixed token of the user in environ(), for X-Auth-Token and Authorization: Bearer; empty if there is none. */
  readonly token: string;
  /** Returns the environment variables with which clients find the sandbox and log in. */
  environ(): Record<string, string>;
  /** Arms a rule and returns its name. */
  arm(rule: Rule, when?: When): Promise<string>;
  /** Makes the next request to an operation lose its reply: it is carried out, then the connection is reset. */
  loseReply(operation: string, when?: When): Promise<string>;
  /** Removes a rule. */
  disarm(name: string): Promise<void>;
  /** Returns the armed rules with how often they matched and fired. */
  faults(): Promise<Array<{ name: string; matched: number; fired: number; [member: string]: unknown }>>;
  /** Returns the exchanges that match. */
  requests(filter?: Filter): Promise<Entry[]>;
  /** Returns the exchanges that match as text, one line each. */
  lines(filter?: Filter): Promise<string>;
  /** Waits until enough exchanges match, and returns them. timeout is in seconds. */
  waitFor(filter?: Filter, options?: { atLeast?: number; timeout?: number }): Promise<Entry[]>;
  /** Throws VerificationError unless all expectations are met. Without any, judges those of the scenario. Rules with an end must have fired. */
  verify(...expectations: Array<Record<string, unknown>>): Promise<void>;
  /** Returns how clients repeated requests: a verdict for each rule. */
  retries(grading?: Record<string, string | number>): Promise<RetryVerdict[]>;
  /** Moves the clock of the sandbox forward. */
  advance(by: Duration): Promise<void>;
  /** Stops the clock of the sandbox, now or at a time. */
  freeze(at?: Date): Promise<void>;
  /** Returns the records as a fixture: of all services, or of one. */
  state(service?: string): Promise<Record<string, any>>;
  /** Replaces records. A text is a whole fixture in YAML or JSON. An object replaces the services that it names. */
  load(fixture: string | Record<string, unknown>): Promise<void>;
  /** Gives the present records a name, for reset({ to }). */
  snapshot(name: string): Promise<void>;
  /** Resets to the start, or only some parts. to is the name of a snapshot. */
  reset(options?: { only?: Array<'world' | 'faults' | 'journal' | 'clock'>; to?: string }): Promise<void>;
  /** Deletes the sandbox. It is no error if it does not exist any more. */
  delete(): Promise<void>;
}

/** How a sandbox starts. Other members of `POST sandboxes` are accepted. */
export interface Start {
  fixture?: string | string[];
  scenario?: string;
  profile?: 'documented' | 'observed';
  seed?: number;
  quirks?: string[];
  clock?: Record<string, unknown>;
  fork?: string;
  /** A name that is used as it is, in place of one that is made from a text. */
  exactName?: string;
  [member: string]: unknown;
}

/** An emulator. */
export class Server {
  private constructor();
  /** The URL of the default sandbox, without a slash at the end. */
  readonly url: string;
  /** Creates a sandbox. Its name is made from any text, such as that of a test; a second one gets a number. */
  sandbox(name?: string, start?: Start): Promise<Sandbox>;
  /** Returns the default sandbox, which cannot be deleted. */
  default(): Promise<Sandbox>;
  /** Returns the names of all sandboxes. */
  sandboxes(): Promise<string[]>;
  /** Returns the version, and how much is in use. */
  health(): Promise<{ status: string; version: string; [member: string]: unknown }>;
  /** Returns which documented answers clients have met, as JSON for `standin report coverage`. */
  coverage(): Promise<string>;
  /** Stops the emulator if this process has started it. */
  stop(): Promise<void>;
}

/** Returns the emulator that runs at a URL. The default is STANDIN_URL, or else http://127.0.0.1:9311. */
export function connect(url?: string, options?: { token?: string }): Promise<Server>;

/**
 * Starts `standin`, waits until it is ready, and returns it. The options are flags of `standin serve`: { scenario: 'unavailable', controlToken: 't' }.
 * binary is the program; the default is STANDIN_BINARY, or else standin in PATH. timeout is in seconds.
 */
export function start(options?: { binary?: string; timeout?: number; listen?: string; [flag: string]: unknown }): Promise<Server>;
