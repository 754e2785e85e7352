/**
 * `npm run advisories`: fails where a package that users install has a published vulnerability. The registry knows
 * them; where it gives no answer, this exits with 69.
 */
import { spawnSync } from 'node:child_process';

interface Audit {
  /** Why there is no answer. */
  readonly message?: string;
  readonly vulnerabilities?: Record<string, { readonly via: readonly (string | Advisory)[] }>;
  readonly metadata?: { readonly dependencies: { readonly prod: number } };
}

interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  /** Versions, as in package.json. */
  readonly range: string;
}

const unavailable = 69;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function check(): number {
  // Its exit code is 1 for both: something found, and no answer.
  const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
  const audit: Audit = stdout.startsWith('{') ? JSON.parse(stdout) : { message: stderr };
  if (audit.vulnerabilities === undefined || audit.metadata === undefined) {
    say(`Advisories not checked, the registry gave no answer: ${audit.message}`);
    return unavailable;
  }
  const causes = Object.values(audit.vulnerabilities).flatMap(({ via }) => via);
  // A name stands for another package of the list, which has the advisory.
  const advisories = causes.filter((cause) => typeof cause !== 'string');
  for (const { name, range, severity, title, url } of advisories)
    say(`${name} ${range} (${severity}): ${title}, ${url}`);
  if (advisories.length > 0) return 1;
  say(`No advisory for the ${audit.metadata.dependencies.prod} packages that users install.`);
  return 0;
}

process.exitCode = check();
